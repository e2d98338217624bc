using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Euler steps that go below the next noise level and add fresh noise to come back up to it (k-diffusion's <c>sample_euler_ancestral</c>,
/// https://github.com/crowsonkb/k-diffusion). Equal to diffusers' <c>EulerAncestralDiscreteScheduler</c>.
/// </summary>
public sealed class EulerAncestralScheduler : ISampler
{
    private readonly EulerSigmas sigmas;

    /// <exception cref="TextualInversionException"><paramref name="steps"/> is out of range.</exception>
    public EulerAncestralScheduler(SchedulerConfig config, int steps) => sigmas = new EulerSigmas(config, steps, karras: false);

    public IReadOnlyList<float> Timesteps => sigmas.Timesteps;

    public double InitNoiseSigma => sigmas.InitNoiseSigma;

    public Tensor ScaleModelInput(Tensor sample, int stepIndex) => sigmas.ScaleModelInput(sample, stepIndex);

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(generator);
        using var scope = NewDisposeScope();
        double from = sigmas[stepIndex], to = sigmas[stepIndex + 1];
        // down^2 + up^2 = to^2, split so that the marginal distribution is kept.
        var down = to * to / from;
        var up = Math.Sqrt((to * to) - (down * down));
        var derivative = sigmas.Derivative(modelOutput, stepIndex, sample);
        // Drawn on the CPU, so that a seed means the same on every device, and at the last step too, where it counts for nothing.
        var noise = randn(sample.shape, generator: generator).to(sample.device); // (B, C, h, w)
        return (sample + (derivative * (down - from)) + (noise * up)).MoveToOuterDisposeScope();
    }
    /// <summary>It remembers nothing.</summary>
    public void Dispose()
    {
    }
}
