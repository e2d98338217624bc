using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Denoising diffusion implicit models: arXiv 2010.02502, eq. 12, with the noise of eq. 16: none for eta 0, that of
/// DDPM for 1. Equal to diffusers' <c>DDIMScheduler</c>.
/// </summary>
internal sealed class DdimScheduler : ISampler
{
    private const string Name = "DDIM";

    private readonly SchedulerConfig config;
    private readonly VariancePreservingGrid grid;
    private readonly double eta;
    private readonly double finalAlphaCumprod;

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> or <paramref name="eta"/> is out of range, or the folder asks for an option that this
    /// sampler does not have.
    /// </exception>
    public DdimScheduler(SchedulerConfig config, int steps, double eta = 0)
    {
        if (eta is not (>= 0 and <= 1))
            throw TextualInversionException.ForParameter(
                nameof(GenerateOptions.Eta),
                FormattableString.Invariant($"{eta}: choose a number from 0, no fresh noise, to 1, that of DDPM.")
            );
        this.config = config;
        this.eta = eta;
        grid = new VariancePreservingGrid(Name, config, TimestepGrid.DescendingLeading(config, steps));
        finalAlphaCumprod = config.SetAlphaToOne ?? true ? 1 : grid.AlphasCumprod[0];
    }

    public IReadOnlyList<float> Timesteps => grid.Timesteps;

    public Tensor AddNoise(Tensor latents, Tensor noise, int stepIndex) => grid.AddNoise(latents, noise, stepIndex);

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        using var scope = NewDisposeScope();
        var timestep = grid[stepIndex];
        var nextTimestep = timestep - (config.NumTrainTimesteps / Timesteps.Count);
        double alpha = grid.AlphasCumprod[timestep];
        var nextAlpha = nextTimestep >= 0 ? grid.AlphasCumprod[nextTimestep] : finalAlphaCumprod;
        var original = grid.Original(modelOutput, stepIndex, sample, clipsByDefault: true);
        var variance = eta * eta * (1 - nextAlpha) / (1 - alpha) * (1 - (alpha / nextAlpha));
        var noise = grid.LevelOf(stepIndex).Noise(config.PredictionType, modelOutput, sample);
        var next = original.Times(Math.Sqrt(nextAlpha)).Plus(noise.Times(Math.Sqrt(1 - nextAlpha - variance)));
        if (eta > 0)
            next = next.Plus(FreshNoise.Like(sample, generator).Times(Math.Sqrt(variance)));
        return next.MoveToOuterDisposeScope();
    }

    /// <summary>Stateless.</summary>
    public void Dispose() { }
}
