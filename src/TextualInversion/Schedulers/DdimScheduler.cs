using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Denoising diffusion implicit models without added noise: arXiv 2010.02502, eq. 12 with sigma (eta) 0.
/// Equal to diffusers' <c>DDIMScheduler</c>.
/// </summary>
public sealed class DdimScheduler : ISampler
{
    private const string Name = "DDIM";

    private readonly SchedulerConfig config;
    private readonly NoiseSchedule schedule;
    private readonly int[] timesteps;
    private readonly double finalAlphaCumprod;

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range or the folder asks for an option this sampler lacks.
    /// </exception>
    public DdimScheduler(SchedulerConfig config, int steps)
    {
        config.Require(Name, "thresholding", "false");
        this.config = config;
        schedule = new NoiseSchedule(config);
        timesteps = TimestepGrid.DescendingWhole(config, steps, config.TimestepSpacing ?? TimestepSpacing.Leading, points: steps);
        Timesteps = Array.ConvertAll(timesteps, timestep => (float)timestep);
        finalAlphaCumprod = config.SetAlphaToOne ?? true ? 1 : schedule.AlphasCumprod[0];
        if (config.PredictionType == PredictionType.Epsilon && schedule.AlphasCumprod[timesteps[0]] == 0)
        {
            throw new TextualInversionException(
                $"{config.Source}: rescale_betas_zero_snr leaves no image at timestep {timesteps[0]}, from which {Name} cannot recover one "
                + "by predicting the noise. Choose the sampler Euler, or timestep_spacing leading.");
        }
    }

    public IReadOnlyList<float> Timesteps { get; }

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        using var scope = NewDisposeScope();
        var timestep = timesteps[stepIndex];
        var next = timestep - (config.NumTrainTimesteps / timesteps.Length);
        double alpha = schedule.AlphasCumprod[timestep], nextAlpha = next >= 0 ? schedule.AlphasCumprod[next] : finalAlphaCumprod;
        var (original, noise) = Predictions(modelOutput, sample, Math.Sqrt(alpha), Math.Sqrt(1 - alpha));
        if (config.ClipSample) original = original.clamp(-config.ClipSampleRange, config.ClipSampleRange);
        return ((original * Math.Sqrt(nextAlpha)) + (noise * Math.Sqrt(1 - nextAlpha))).MoveToOuterDisposeScope();
    }

    /// <summary>It remembers nothing.</summary>
    public void Dispose()
    {
    }

    /// <summary>The clean sample and the noise that the model output implies, both (B, C, h, w).</summary>
    private (Tensor Original, Tensor Noise) Predictions(Tensor modelOutput, Tensor sample, double signal, double noiseLevel) =>
        config.PredictionType switch
        {
            PredictionType.Epsilon => ((sample - (modelOutput * noiseLevel)) / signal, modelOutput),
            PredictionType.VPrediction => ((sample * signal) - (modelOutput * noiseLevel), (modelOutput * signal) + (sample * noiseLevel)),
            _ => throw new ArgumentOutOfRangeException(nameof(modelOutput), config.PredictionType, "Not a prediction type."),
        };
}
