using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Multistep sampling of latent consistency models, which are distilled to predict the clean sample in one step. Each
/// step goes to the clean sample and adds fresh noise up to the next level (arXiv 2310.04378, algorithm 3; arXiv
/// 2303.01469, eq. 5, for the boundary condition). Equal to diffusers' <c>LCMScheduler</c>.
/// </summary>
internal sealed class LcmScheduler : ISampler
{
    private const string Name = "LCM";

    private readonly SchedulerConfig config;
    private readonly VariancePreservingGrid grid;

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range, or the folder asks for an option that this sampler does not have.
    /// </exception>
    public LcmScheduler(SchedulerConfig config, int steps)
    {
        this.config = config;
        grid = new VariancePreservingGrid(Name, config, SomeOfDistillation(config, steps));
    }

    public IReadOnlyList<float> Timesteps => grid.Timesteps;

    public Tensor AddNoise(Tensor latents, Tensor noise, int stepIndex) => grid.AddNoise(latents, noise, stepIndex);

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        using var scope = NewDisposeScope();
        var original = grid.Original(modelOutput, stepIndex, sample, clipsByDefault: false);
        var (skip, output) = BoundaryScalings(grid[stepIndex]);
        var denoised = sample.Times(skip).Plus(original.Times(output));
        if (stepIndex + 1 < Timesteps.Count)
            denoised = grid.AddNoise(denoised, FreshNoise.Like(sample, generator), stepIndex + 1);
        return denoised.MoveToOuterDisposeScope();
    }

    /// <summary>Stateless.</summary>
    public void Dispose() { }

    /// <summary>c_skip and c_out of the boundary condition, which leaves a sample without noise unchanged.</summary>
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
            throw TextualInversionException.ForParameter(
                nameof(GenerateOptions.Steps),
                $"{steps}: {Name} takes from 1 to {most}, of which 4 to 8 suffice."
            );
        var stride = config.NumTrainTimesteps / most;
        return [.. Enumerable.Range(0, steps).Select(i => ((most - (int)(i * ((double)most / steps))) * stride) - 1)];
    }
}
