using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// What Euler's samplers share: a run in which the sample is image + sigma noise, so that the variance grows with the noise
/// (Karras et al., arXiv 2206.00364; https://github.com/crowsonkb/k-diffusion).
/// </summary>
internal sealed class EulerSigmas
{
    private readonly PredictionType predictionType;
    private readonly float[] sigmas; // (steps + 1), the last 0

    /// <exception cref="TextualInversionException"><paramref name="steps"/> is out of range.</exception>
    public EulerSigmas(SchedulerConfig config, int steps, bool karras)
    {
        predictionType = config.PredictionType;
        var spacing = config.TimestepSpacing ?? TimestepSpacing.Linspace;
        var timesteps = TimestepGrid.Descending(config, steps, spacing, points: steps);
        timesteps = Array.ConvertAll(timesteps, timestep => (double)(float)timestep); // diffusers interpolates at float32 timesteps
        var training = Sigmas.OfTraining(new NoiseSchedule(config));
        var levels = Array.ConvertAll(timesteps, timestep => Sigmas.At(training, timestep));
        if (karras)
        {
            levels = Sigmas.Karras(levels[0], levels[^1], steps);
            timesteps = Array.ConvertAll(levels, sigma => Sigmas.TimestepAt(training, sigma));
        }

        sigmas = Sigmas.EndingAtZero(levels);
        Timesteps = Array.ConvertAll(timesteps, timestep => (float)timestep);
        // Leading timesteps begin below the last one, where the image still adds its own variance of one.
        InitNoiseSigma = spacing == TimestepSpacing.Leading ? Math.Sqrt((sigmas[0] * (double)sigmas[0]) + 1) : sigmas[0];
    }

    public IReadOnlyList<float> Timesteps { get; }

    public double InitNoiseSigma { get; }

    /// <summary>The noise level at step <paramref name="stepIndex"/>; 0 after the last.</summary>
    public double this[int stepIndex] => sigmas[stepIndex];

    /// <summary>The sample with the variance that the U-Net was trained at (B, C, h, w).</summary>
    public Tensor ScaleModelInput(Tensor sample, int stepIndex) => sample / Math.Sqrt((this[stepIndex] * this[stepIndex]) + 1);

    /// <summary>dx/dsigma = (x - D(x)) / sigma (eq. 3), in which D, the clean image, follows from the prediction (B, C, h, w).</summary>
    public Tensor Derivative(Tensor modelOutput, int stepIndex, Tensor sample)
    {
        var sigma = this[stepIndex];
        var variance = (sigma * sigma) + 1;
        return predictionType switch
        {
            PredictionType.Epsilon => modelOutput,
            PredictionType.VPrediction => (modelOutput / Math.Sqrt(variance)) + (sample * (sigma / variance)),
            _ => throw new ArgumentOutOfRangeException(nameof(modelOutput), predictionType, "Not a prediction type."),
        };
    }
}
