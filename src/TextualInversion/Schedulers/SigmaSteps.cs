using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>What Euler's method and its ancestral form share: N timesteps, their sigmas and a last sigma of zero.</summary>
internal sealed class SigmaSteps
{
    private readonly PredictionType predictionType;

    /// <exception cref="TextualInversionException">The number of steps is out of range.</exception>
    public SigmaSteps(SchedulerConfig config, int steps, bool karras)
    {
        predictionType = config.PredictionType;
        var ofTraining = Sigmas.OfTraining(new NoiseSchedule(config));
        var timesteps = TimestepGrid.Spread(config, steps, TimestepSpacing.Linspace);
        var sigmas = Sigmas.At(timesteps, ofTraining);
        if (karras)
        {
            sigmas = Sigmas.Karras(sigmas[0], sigmas[^1], steps);
            timesteps = [.. sigmas.Select(sigma => Sigmas.ToTimestep(sigma, ofTraining))];
        }

        Timesteps = timesteps;
        Levels = [.. sigmas, 0];
        var largest = sigmas.Max();
        InitNoiseSigma = (config.TimestepSpacing ?? TimestepSpacing.Linspace) == TimestepSpacing.Leading ? Math.Sqrt(largest * largest + 1) : largest;
    }

    public IReadOnlyList<double> Timesteps { get; }

    /// <summary>N + 1 sigmas.</summary>
    public double[] Levels { get; }

    public double InitNoiseSigma { get; }

    /// <summary>To unit variance (Karras et al. 2022, c_in of table 1).</summary>
    public Tensor ScaleModelInput(Tensor sample, int step) => sample / Math.Sqrt(Levels[step] * Levels[step] + 1);

    /// <summary>The direction in which sigma changes the sample (Karras et al. 2022, eq. 3).</summary>
    public Tensor Derivative(Tensor prediction, int step, Tensor sample)
    {
        var sigma = Levels[step];
        return predictionType switch
        {
            PredictionType.Epsilon => prediction.alias(),
            PredictionType.VPrediction => (sample - (sample / (sigma * sigma + 1) - sigma / Math.Sqrt(sigma * sigma + 1) * prediction)) / sigma,
            _ => throw new ArgumentOutOfRangeException(nameof(prediction)),
        };
    }
}
