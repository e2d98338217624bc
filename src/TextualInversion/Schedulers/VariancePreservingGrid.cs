using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// The whole training timesteps of a run of a sampler that works on alphasCumprod (DDPM, arXiv 2006.11239) and
/// preserves the sample's variance. Tensors are (B, C, h, w).
/// </summary>
internal sealed class VariancePreservingGrid
{
    private readonly SchedulerConfig config;
    private readonly NoiseSchedule schedule;
    private readonly int[] timesteps;

    /// <param name="sampler">The sampler's name, for messages.</param>
    /// <param name="config">The folder's settings.</param>
    /// <param name="timesteps">The timestep of each step, from noisy to clean.</param>
    /// <exception cref="TextualInversionException">
    /// The folder asks for thresholding, or the run begins where there is no image to recover.
    /// </exception>
    public VariancePreservingGrid(string sampler, SchedulerConfig config, int[] timesteps)
    {
        config.Require(sampler, "thresholding", "false");
        (this.config, this.timesteps) = (config, timesteps);
        schedule = new NoiseSchedule(config);
        schedule.RequireImageAt(timesteps[0], sampler);
        Timesteps = Array.ConvertAll(timesteps, timestep => (float)timestep);
    }

    public float[] Timesteps { get; }

    /// <summary>alphasCumprod at each training timestep.</summary>
    public IReadOnlyList<float> AlphasCumprod => schedule.AlphasCumprod;

    /// <summary>The training timestep of a step.</summary>
    public int this[int step] => timesteps[step];

    public NoiseLevel LevelOf(int step) => schedule.LevelAt(timesteps[step]);

    /// <summary>Latents with the noise of a step.</summary>
    public Tensor AddNoise(Tensor latents, Tensor noise, int step) => LevelOf(step).Mix(latents, noise);

    /// <summary>
    /// The clean sample that a model output implies, clipped if the folder or the sampler's default says so.
    /// </summary>
    public Tensor Original(Tensor modelOutput, int step, Tensor sample, bool clipsByDefault)
    {
        var original = LevelOf(step).Original(config.PredictionType, modelOutput, sample);
        return config.ClipSample ?? clipsByDefault
            ? original.Clamped(-config.ClipSampleRange, config.ClipSampleRange)
            : original;
    }
}
