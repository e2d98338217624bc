using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Ancestral sampling as the model was trained: denoising diffusion probabilistic models, arXiv 2006.11239, eq. 7, over
/// fewer timesteps. Equal to diffusers' <c>DDPMScheduler</c> with its default variance.
/// </summary>
internal sealed class DdpmScheduler : ISampler
{
    private const string Name = "DDPM";

    private readonly VariancePreservingGrid grid;

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range, or the folder asks for an option that this sampler does not have.
    /// </exception>
    public DdpmScheduler(SchedulerConfig config, int steps)
    {
        config.Require(Name, "variance_type", "fixed_small");
        grid = new VariancePreservingGrid(Name, config, TimestepGrid.DescendingLeading(config, steps));
    }

    public IReadOnlyList<float> Timesteps => grid.Timesteps;

    public Tensor AddNoise(Tensor latents, Tensor noise, int stepIndex) => grid.AddNoise(latents, noise, stepIndex);

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        using var scope = NewDisposeScope();
        double alpha = grid.AlphasCumprod[grid[stepIndex]];
        double nextAlpha = stepIndex + 1 < Timesteps.Count ? grid.AlphasCumprod[grid[stepIndex + 1]] : 1;
        var stepAlpha = alpha / nextAlpha; // alpha_t of the paper, for the whole stride
        var original = grid.Original(modelOutput, stepIndex, sample, clipsByDefault: true);
        var next = original
            .Times(Math.Sqrt(nextAlpha) * (1 - stepAlpha) / (1 - alpha))
            .Plus(sample.Times(Math.Sqrt(stepAlpha) * (1 - nextAlpha) / (1 - alpha)));
        // Noise is drawn wherever diffusers draws it, so that a generator that is used further stays in step.
        if (grid[stepIndex] > 0)
        {
            var deviation = Math.Sqrt((1 - nextAlpha) / (1 - alpha) * (1 - stepAlpha));
            next = next.Plus(FreshNoise.Like(sample, generator).Times(deviation));
        }

        return next.MoveToOuterDisposeScope();
    }

    /// <summary>Stateless.</summary>
    public void Dispose() { }
}
