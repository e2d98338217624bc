using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>DPM-Solver++(2M) (Lu et al. 2022, algorithm 2), with a last step of first order.</summary>
public sealed class DpmSolverMultistepScheduler : ISampler
{
    private readonly PredictionType predictionType;
    private readonly double[] sigmas; // one more than there are timesteps, the last zero
    private Tensor? previousOriginal;

    /// <exception cref="TextualInversionException">The number of steps is out of range, or the config asks for another kind of DPM-Solver.</exception>
    public DpmSolverMultistepScheduler(SchedulerConfig config, int steps)
    {
        if (config.AlgorithmType is not null and not "dpmsolver++" || config.SolverOrder is not null and not 2)
            throw new TextualInversionException($"The model's scheduler_config.json asks for {config.AlgorithmType ?? "dpmsolver++"} of order {config.SolverOrder ?? 2}; dpmsolver++ of order 2 is supported. Choose another --sampler, such as euler.");
        predictionType = config.PredictionType;
        var timesteps = TimestepGrid.Spread(config, steps, TimestepSpacing.Linspace);
        var ofTraining = Sigmas.OfTraining(new NoiseSchedule(config));
        if (config.UseKarrasSigmas ?? false)
        {
            sigmas = Sigmas.Karras(ofTraining[^1], ofTraining[0], steps);
            Timesteps = [.. sigmas.Select(sigma => Whole(Sigmas.ToTimestep(sigma, ofTraining), config))];
        }
        else
        {
            // Its own grid, in diffusers: that of N + 1 steps without the last, since the run ends at a sigma of zero.
            var isTrailing = (config.TimestepSpacing ?? TimestepSpacing.Linspace) == TimestepSpacing.Trailing;
            Timesteps = isTrailing || steps == config.NumTrainTimesteps
                ? timesteps
                : [.. TimestepGrid.Spread(config, steps + 1, TimestepSpacing.Linspace).SkipLast(1).Select(timestep => Math.Round(timestep))];
            sigmas = Sigmas.At(Timesteps, ofTraining);
        }

        sigmas = [.. sigmas, 0];
    }

    public IReadOnlyList<double> Timesteps { get; }

    public double InitNoiseSigma => 1;

    public Tensor ScaleModelInput(Tensor sample, int step) => sample.alias();

    public Tensor Step(Tensor prediction, int step, Tensor sample, Func<Tensor> noise)
    {
        using var scope = NewDisposeScope();
        var (alpha, spread, lambda) = Level(sigmas[step]);
        var (nextAlpha, nextSpread, nextLambda) = Level(sigmas[step + 1]);
        var original = predictionType switch
        {
            PredictionType.Epsilon => (sample - spread * prediction) / alpha,
            PredictionType.VPrediction => alpha * sample - spread * prediction,
            _ => throw new ArgumentOutOfRangeException(nameof(prediction)),
        };
        var h = nextLambda - lambda;
        var estimate = original;
        if (previousOriginal is not null && step < Timesteps.Count - 1)
        {
            var ratio = (lambda - Level(sigmas[step - 1]).Lambda) / h;
            estimate = original + (original - previousOriginal) / (2 * ratio);
        }

        previousOriginal?.Dispose();
        previousOriginal = original.clone().DetachFromDisposeScope();
        return (nextSpread / spread * sample - nextAlpha * (Math.Exp(-h) - 1) * estimate).MoveToOuterDisposeScope();
    }

    public void Dispose() => previousOriginal?.Dispose();

    /// <summary>The part of signal, the part of noise and half the logarithm of the signal-to-noise ratio.</summary>
    private static (double Alpha, double Spread, double Lambda) Level(double sigma)
    {
        var alpha = 1 / Math.Sqrt(sigma * sigma + 1);
        return (alpha, sigma * alpha, -Math.Log(sigma));
    }

    private static double Whole(double timestep, SchedulerConfig config) =>
        config.BetaSchedule == BetaSchedule.SquaredCosine ? Math.Floor(timestep) : Math.Round(timestep);
}
