using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Denoising diffusion implicit models: arXiv 2010.02502, eq. 12, with the noise of eq. 16: none for eta 0, that of DDPM for 1.
/// Equal to diffusers' <c>DDIMScheduler</c>.
/// </summary>
internal sealed class DdimScheduler : ISampler
{
    private const string Name = "DDIM";

    private readonly SchedulerConfig config;
    private readonly NoiseSchedule schedule;
    private readonly double eta;
    private readonly int[] timesteps;
    private readonly double finalAlphaCumprod;

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> or <paramref name="eta"/> is out of range or the folder asks for an option this sampler lacks.
    /// </exception>
    public DdimScheduler(SchedulerConfig config, int steps, double eta = 0)
    {
        if (eta is not (>= 0 and <= 1))
            throw new TextualInversionException(
                $"eta is {eta}: choose between 0, no fresh noise, and 1, that of DDPM."
            );
        config.Require(Name, "thresholding", "false");
        this.config = config;
        this.eta = eta;
        schedule = new NoiseSchedule(config);
        timesteps = TimestepGrid.DescendingWhole(
            config,
            steps,
            config.TimestepSpacing ?? TimestepSpacing.Leading,
            points: steps
        );
        Timesteps = Array.ConvertAll(timesteps, timestep => (float)timestep);
        finalAlphaCumprod = config.SetAlphaToOne ?? true ? 1 : schedule.AlphasCumprod[0];
        schedule.RequireImageAt(timesteps[0], Name);
    }

    public IReadOnlyList<float> Timesteps { get; }

    public Tensor AddNoise(Tensor latents, Tensor noise, int stepIndex) =>
        schedule.LevelAt(timesteps[stepIndex]).Mix(latents, noise);

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        using var scope = NewDisposeScope();
        var timestep = timesteps[stepIndex];
        var nextTimestep = timestep - (config.NumTrainTimesteps / timesteps.Length);
        var level = schedule.LevelAt(timestep);
        double alpha = schedule.AlphasCumprod[timestep];
        var nextAlpha = nextTimestep >= 0 ? schedule.AlphasCumprod[nextTimestep] : finalAlphaCumprod;
        var original = level.Original(config.PredictionType, modelOutput, sample);
        if (config.ClipSample ?? true)
            original = original.Clamped(-config.ClipSampleRange, config.ClipSampleRange);
        var variance = eta * eta * (1 - nextAlpha) / (1 - alpha) * (1 - (alpha / nextAlpha));
        var noise = level.Noise(config.PredictionType, modelOutput, sample);
        var next = original.Times(Math.Sqrt(nextAlpha)).Plus(noise.Times(Math.Sqrt(1 - nextAlpha - variance)));
        if (eta > 0)
            next = next.Plus(FreshNoise.Like(sample, generator).Times(Math.Sqrt(variance)));
        return next.MoveToOuterDisposeScope();
    }

    /// <summary>It remembers nothing.</summary>
    public void Dispose() { }
}
