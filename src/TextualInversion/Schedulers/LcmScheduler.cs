using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Multistep sampling of latent consistency models, which were distilled to reach the clean sample in one step: each step goes there and
/// adds fresh noise to come back to the next level (arXiv 2310.04378, algorithm 3; arXiv 2303.01469, eq. 5, for the boundary condition).
/// Equal to diffusers' <c>LCMScheduler</c>.
/// </summary>
internal sealed class LcmScheduler : ISampler
{
    private const string Name = "LCM";

    private readonly SchedulerConfig config;
    private readonly NoiseSchedule schedule;
    private readonly int[] timesteps;

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range or the folder asks for an option this sampler lacks.
    /// </exception>
    public LcmScheduler(SchedulerConfig config, int steps)
    {
        config.Require(Name, "thresholding", "false");
        this.config = config;
        schedule = new NoiseSchedule(config);
        timesteps = SomeOfDistillation(config, steps);
        Timesteps = Array.ConvertAll(timesteps, timestep => (float)timestep);
        schedule.RequireImageAt(timesteps[0], Name);
    }

    public IReadOnlyList<float> Timesteps { get; }

    public Tensor AddNoise(Tensor latents, Tensor noise, int stepIndex) =>
        schedule.LevelAt(timesteps[stepIndex]).Mix(latents, noise);

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        using var scope = NewDisposeScope();
        var original = schedule.LevelAt(timesteps[stepIndex]).Original(config.PredictionType, modelOutput, sample);
        if (config.ClipSample ?? false)
            original = original.Clamped(-config.ClipSampleRange, config.ClipSampleRange);
        var (skip, output) = BoundaryScalings(timesteps[stepIndex]);
        var denoised = sample.Times(skip).Plus(original.Times(output));
        if (stepIndex + 1 < timesteps.Length)
            denoised = schedule.LevelAt(timesteps[stepIndex + 1]).Mix(denoised, FreshNoise.Like(sample, generator));
        return denoised.MoveToOuterDisposeScope();
    }

    /// <summary>It remembers nothing.</summary>
    public void Dispose() { }

    /// <summary>c_skip and c_out, by which a sample without noise stays what it is.</summary>
    private (double Skip, double Output) BoundaryScalings(int timestep)
    {
        const double DataDeviation = 0.5;
        var scaled = timestep * config.TimestepScaling;
        var sum = (scaled * scaled) + (DataDeviation * DataDeviation);
        return (DataDeviation * DataDeviation / sum, scaled / Math.Sqrt(sum));
    }

    /// <summary>Evenly spread over the timesteps at which the model was distilled, which end at the last.</summary>
    private static int[] SomeOfDistillation(SchedulerConfig config, int steps)
    {
        var most = Math.Min(config.OriginalInferenceSteps, config.NumTrainTimesteps);
        if (steps < 1 || steps > most)
            throw new TextualInversionException(
                $"steps is {steps}: {Name} takes between 1 and {most}, of which 4 to 8 suffice."
            );
        var stride = config.NumTrainTimesteps / most;
        return [.. Enumerable.Range(0, steps).Select(i => ((most - (int)(i * ((double)most / steps))) * stride) - 1)];
    }
}
