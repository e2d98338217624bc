using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// DPM-Solver++(2M): arXiv 2211.01095, algorithm 2, midpoint form; first order at the first step and at the last, which ends at zero noise.
/// Equal to diffusers' <c>DPMSolverMultistepScheduler</c> with its default options, with or without Karras sigmas.
/// </summary>
public sealed class DpmSolverMultistepScheduler : ISampler
{
    private readonly PredictionType predictionType;
    private readonly float[] sigmas; // (steps + 1), the last 0
    private Tensor? previousOriginal;
    private int stepsTaken;

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range or the folder asks for an option this sampler lacks.
    /// </exception>
    public DpmSolverMultistepScheduler(SchedulerConfig config, int steps)
    {
        RequireDefaults(config);
        predictionType = config.PredictionType;
        var spacing = config.TimestepSpacing ?? TimestepSpacing.Linspace;
        var whole = TimestepGrid.DescendingWhole(config, steps, spacing, points: steps + 1);
        var timesteps = Array.ConvertAll(whole, timestep => (float)timestep);
        var training = Sigmas.OfTraining(new NoiseSchedule(config));
        var levels = Array.ConvertAll(timesteps, timestep => Sigmas.At(training, timestep));
        if (config.UseKarrasSigmas)
        {
            levels = Sigmas.Karras(training[^1], training[0], steps);
            // diffusers rounds to whole timesteps, except that it cuts those of the cosine schedule.
            Func<double, double> round = config.BetaSchedule == BetaSchedule.SquaredCosCapV2 ? Math.Truncate : Math.Round;
            timesteps = Array.ConvertAll(levels, sigma => (float)round(Sigmas.TimestepAt(training, sigma)));
        }

        sigmas = Sigmas.EndingAtZero(levels);
        // The second order divides by the difference of two levels.
        if (sigmas.Zip(sigmas.Skip(1)).Any(pair => pair.First <= pair.Second))
        {
            throw new TextualInversionException(
                $"{steps} steps are more than DPM++ 2M can place on {config.NumTrainTimesteps} timesteps: take fewer.");
        }

        Timesteps = timesteps;
    }

    public IReadOnlyList<float> Timesteps { get; }

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        if (stepIndex != stepsTaken) throw new ArgumentException($"Step {stepsTaken} is next, not {stepIndex}.", nameof(stepIndex));
        stepsTaken++;
        using var scope = NewDisposeScope();
        var (from, to) = (Level.At(sigmas[stepIndex]), Level.At(sigmas[stepIndex + 1]));
        var original = PredictOriginal(modelOutput, sample, from);
        var width = to.Lambda - from.Lambda; // h of the paper; infinite at the last step
        var estimate = original;
        if (previousOriginal is not null && stepIndex < Timesteps.Count - 1)
        {
            var previousWidth = from.Lambda - Level.At(sigmas[stepIndex - 1]).Lambda;
            estimate = original + ((original - previousOriginal) * (0.5 * width / previousWidth));
        }

        previousOriginal?.Dispose();
        previousOriginal = original.DetachFromDisposeScope();
        return ((sample * (to.Sigma / from.Sigma)) - (estimate * (to.Alpha * (Math.Exp(-width) - 1)))).MoveToOuterDisposeScope();
    }

    public void Dispose() => previousOriginal?.Dispose();

    /// <summary>x_theta, the clean sample that the model output implies (B, C, h, w).</summary>
    private Tensor PredictOriginal(Tensor modelOutput, Tensor sample, Level level) => predictionType switch
    {
        PredictionType.Epsilon => (sample - (modelOutput * level.Sigma)) / level.Alpha,
        PredictionType.VPrediction => (sample * level.Alpha) - (modelOutput * level.Sigma),
        _ => throw new ArgumentOutOfRangeException(nameof(modelOutput), predictionType, "Not a prediction type."),
    };

    // Not asked for: lower_order_final and euler_at_final, which change nothing at the second order ending at zero.
    private static void RequireDefaults(SchedulerConfig config)
    {
        const string Name = "DPM++ 2M";
        config.Require(Name, "algorithm_type", "dpmsolver++", "deis"); // diffusers takes other multistep solvers' settings for its defaults
        config.Require(Name, "solver_type", "midpoint", "logrho", "bh1", "bh2");
        config.Require(Name, "solver_order", "2");
        config.Require(Name, "final_sigmas_type", "zero");
        config.Require(Name, "lambda_min_clipped", "-Infinity");
        foreach (var key in (string[])["thresholding", "use_lu_lambdas", "use_flow_sigmas", "use_exponential_sigmas", "use_beta_sigmas"])
            config.Require(Name, key, "false");
    }

    /// <summary>
    /// A noise level with the variance preserved: x = Alpha image + Sigma noise; Lambda is half the log of the signal-to-noise ratio.
    /// </summary>
    private readonly record struct Level(double Alpha, double Sigma, double Lambda)
    {
        public static Level At(double sigma)
        {
            var alpha = 1 / Math.Sqrt((sigma * sigma) + 1);
            return new Level(alpha, sigma * alpha, -Math.Log(sigma));
        }
    }
}
