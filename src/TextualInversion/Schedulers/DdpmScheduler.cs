using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Ancestral sampling as the model was trained: denoising diffusion probabilistic models, arXiv 2006.11239, eq. 7, over fewer timesteps.
/// Equal to diffusers' <c>DDPMScheduler</c> with its default variance.
/// </summary>
internal sealed class DdpmScheduler : ISampler
{
    private const string Name = "DDPM";

    private readonly SchedulerConfig config;
    private readonly NoiseSchedule schedule;
    private readonly int[] timesteps;

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range or the folder asks for an option this sampler lacks.
    /// </exception>
    public DdpmScheduler(SchedulerConfig config, int steps)
    {
        config.Require(Name, "thresholding", "false");
        config.Require(Name, "variance_type", "fixed_small");
        this.config = config;
        schedule = new NoiseSchedule(config);
        timesteps = TimestepGrid.DescendingWhole(
            config,
            steps,
            config.TimestepSpacing ?? TimestepSpacing.Leading,
            points: steps
        );
        Timesteps = Array.ConvertAll(timesteps, timestep => (float)timestep);
        schedule.RequireImageAt(timesteps[0], Name);
    }

    public IReadOnlyList<float> Timesteps { get; }

    public Tensor AddNoise(Tensor latents, Tensor noise, int stepIndex) =>
        schedule.LevelAt(timesteps[stepIndex]).Mix(latents, noise);

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        using var scope = NewDisposeScope();
        var timestep = timesteps[stepIndex];
        double alpha = schedule.AlphasCumprod[timestep];
        double nextAlpha = stepIndex + 1 < timesteps.Length ? schedule.AlphasCumprod[timesteps[stepIndex + 1]] : 1;
        var stepAlpha = alpha / nextAlpha; // alpha_t of the paper, for the whole stride
        var original = schedule.LevelAt(timestep).Original(config.PredictionType, modelOutput, sample);
        if (config.ClipSample ?? true)
            original = original.Clamped(-config.ClipSampleRange, config.ClipSampleRange);
        var next = original
            .Times(Math.Sqrt(nextAlpha) * (1 - stepAlpha) / (1 - alpha))
            .Plus(sample.Times(Math.Sqrt(stepAlpha) * (1 - nextAlpha) / (1 - alpha)));
        // Drawn wherever diffusers draws, so that a generator that is used on stays in step.
        if (timestep > 0)
        {
            var deviation = Math.Sqrt((1 - nextAlpha) / (1 - alpha) * (1 - stepAlpha));
            next = next.Plus(FreshNoise.Like(sample, generator).Times(deviation));
        }

        return next.MoveToOuterDisposeScope();
    }

    /// <summary>It remembers nothing.</summary>
    public void Dispose() { }
}
