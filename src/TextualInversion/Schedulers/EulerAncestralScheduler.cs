using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Euler steps that go below the next noise level and add fresh noise to come back up to it (k-diffusion's <c>sample_euler_ancestral</c>,
/// https://github.com/crowsonkb/k-diffusion). Equal to diffusers' <c>EulerAncestralDiscreteScheduler</c>.
/// </summary>
internal sealed class EulerAncestralScheduler : ISampler
{
    private readonly SigmaGrid sigmas;

    /// <exception cref="TextualInversionException"><paramref name="steps"/> is out of range.</exception>
    public EulerAncestralScheduler(SchedulerConfig config, int steps) =>
        sigmas = new SigmaGrid("Euler a", config with { UseKarrasSigmas = false }, steps);

    public IReadOnlyList<float> Timesteps => sigmas.Timesteps;

    public double InitNoiseSigma => sigmas.InitNoiseSigma;

    public Tensor AddNoise(Tensor latents, Tensor noise, int stepIndex) =>
        SigmaGrid.AddNoise(latents, noise, sigmas[stepIndex]);

    public Tensor ScaleModelInput(Tensor sample, int stepIndex) => SigmaGrid.ScaleModelInput(sample, sigmas[stepIndex]);

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        using var scope = NewDisposeScope();
        var (down, up) = Sigmas.AncestralInFloat32(sigmas[stepIndex], sigmas[stepIndex + 1]);
        var derivative = sigmas.Derivative(modelOutput, sigmas[stepIndex], sample);
        var noise = FreshNoise.Like(sample, generator); // at the last step too, where it counts for nothing
        return sample
            .Plus(derivative.Times(down - (float)sigmas[stepIndex]))
            .Plus(noise.Times(up))
            .MoveToOuterDisposeScope();
    }

    /// <summary>It remembers nothing.</summary>
    public void Dispose() { }
}
