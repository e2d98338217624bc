using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// The noise levels of a run in which the sample is image + sigma noise, so that the variance grows with the noise
/// (Karras et al., arXiv 2206.00364; https://github.com/crowsonkb/k-diffusion).
/// </summary>
internal sealed class SigmaGrid
{
    private readonly PredictionType predictionType;
    private readonly float[] trainingSigmas;
    private readonly float[] sigmas; // (steps + 1), the last 0

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range or the folder asks for other levels than <paramref name="sampler"/>
    /// has.
    /// </exception>
    public SigmaGrid(string sampler, SchedulerConfig config, int steps)
    {
        config.Require(sampler, "use_exponential_sigmas", "false");
        config.Require(sampler, "use_beta_sigmas", "false");
        predictionType = config.PredictionType;
        var spacing = config.TimestepSpacing ?? TimestepSpacing.Linspace;
        var timesteps = TimestepGrid.Descending(config, steps, spacing, points: steps);
        // diffusers interpolates at float32 timesteps.
        timesteps = Array.ConvertAll(timesteps, timestep => (double)(float)timestep);
        trainingSigmas = Sigmas.OfTraining(new NoiseSchedule(config));
        var levels = Array.ConvertAll(timesteps, timestep => Sigmas.At(trainingSigmas, timestep));
        if (config.UseKarrasSigmas)
        {
            levels = Sigmas.Karras(levels[0], levels[^1], steps);
            timesteps = Array.ConvertAll(levels, sigma => Sigmas.TimestepAt(trainingSigmas, sigma));
        }

        sigmas = Sigmas.EndingAt(0, levels);
        Timesteps = Array.ConvertAll(timesteps, timestep => (float)timestep);
        // Leading timesteps begin below the last one, where the image still adds its own variance of one.
        InitNoiseSigma =
            spacing == TimestepSpacing.Leading ? Math.Sqrt((sigmas[0] * (double)sigmas[0]) + 1) : sigmas[0];
    }

    /// <summary>One for each step.</summary>
    public float[] Timesteps { get; }

    public double InitNoiseSigma { get; }

    /// <summary>The noise level at a step; 0 after the last.</summary>
    public double this[int step] => sigmas[step];

    public float TimestepAt(double sigma) => (float)Sigmas.TimestepAt(trainingSigmas, sigma);

    /// <summary>Latents with the noise of a level (B, C, h, w).</summary>
    public static Tensor AddNoise(Tensor latents, Tensor noise, double sigma)
    {
        using var scope = NewDisposeScope();
        return latents.Plus(noise.Times(sigma)).MoveToOuterDisposeScope();
    }

    /// <summary>The sample with the variance that the U-Net was trained at (B, C, h, w).</summary>
    public static Tensor ScaleModelInput(Tensor sample, double sigma) => sample.Times(NoiseLevel.OfRatio(sigma).Alpha);

    /// <summary>
    /// dx/dsigma = (x - D(x)) / sigma (eq. 3), where D(x) is the clean image: the noise that the model output implies,
    /// perhaps the model output itself.
    /// </summary>
    public Tensor Derivative(Tensor modelOutput, double sigma, Tensor sample) =>
        predictionType switch
        {
            PredictionType.Epsilon => modelOutput,
            PredictionType.VPrediction => OfVelocity(modelOutput, (float)sigma, sample),
            _ => throw new InvalidOperationException($"{predictionType} is not a prediction type."),
        };

    /// <summary>
    /// The same operations in float32 as in diffusers. With zero terminal SNR, sigma begins at 4096 and the first step
    /// removes nearly all of it, so the rounding of each operation shows in the result.
    /// </summary>
    private static Tensor OfVelocity(Tensor modelOutput, float sigma, Tensor sample)
    {
        using var scope = NewDisposeScope();
        var variance = (sigma * sigma) + 1;
        var image = modelOutput.Times(-sigma / MathF.Sqrt(variance)).Plus(sample.DividedBy(variance));
        return (sample - image).DividedBy(sigma).MoveToOuterDisposeScope();
    }
}
