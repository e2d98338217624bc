using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Euler steps that go below the next noise level and add fresh noise to come back up to it (k-diffusion's
/// <c>sample_euler_ancestral</c>, https://github.com/crowsonkb/k-diffusion). Equal to diffusers'
/// <c>EulerAncestralDiscreteScheduler</c>.
/// </summary>
internal sealed class EulerAncestralScheduler : ISigmaSampler
{
    /// <exception cref="TextualInversionException"><paramref name="steps"/> is out of range.</exception>
    public EulerAncestralScheduler(SchedulerConfig config, int steps) =>
        Grid = new SigmaGrid("Euler a", config with { UseKarrasSigmas = false }, steps);

    public SigmaGrid Grid { get; }

    public IReadOnlyList<float> Timesteps => Grid.Timesteps;

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        using var scope = NewDisposeScope();
        var (down, up) = Sigmas.AncestralInFloat32(Grid[stepIndex], Grid[stepIndex + 1]);
        var derivative = Grid.Derivative(modelOutput, Grid[stepIndex], sample);
        var noise = FreshNoise.Like(sample, generator); // drawn at the last step too, where it has no effect
        return sample
            .Plus(derivative.Times(down - (float)Grid[stepIndex]))
            .Plus(noise.Times(up))
            .MoveToOuterDisposeScope();
    }

    /// <summary>Stateless.</summary>
    public void Dispose() { }
}
