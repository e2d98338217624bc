using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Euler's method over the probability-flow equation: Karras et al., arXiv 2206.00364, algorithm 2 without churn.
/// Equal to diffusers' <c>EulerDiscreteScheduler</c>.
/// </summary>
internal sealed class EulerScheduler : ISampler
{
    private readonly SigmaGrid sigmas;

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range or the folder asks for an option this sampler lacks.
    /// </exception>
    public EulerScheduler(SchedulerConfig config, int steps)
    {
        const string Name = "Euler";
        config.Require(Name, "interpolation_type", "linear");
        config.Require(Name, "timestep_type", "discrete");
        config.Require(Name, "final_sigmas_type", "zero");
        config.Require(Name, "sigma_min");
        config.Require(Name, "sigma_max");
        sigmas = new SigmaGrid(Name, config, steps);
    }

    public IReadOnlyList<float> Timesteps => sigmas.Timesteps;

    public double InitNoiseSigma => sigmas.InitNoiseSigma;

    public Tensor AddNoise(Tensor latents, Tensor noise, int stepIndex) =>
        SigmaGrid.AddNoise(latents, noise, sigmas[stepIndex]);

    public Tensor ScaleModelInput(Tensor sample, int stepIndex) => SigmaGrid.ScaleModelInput(sample, sigmas[stepIndex]);

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        using var scope = NewDisposeScope();
        var derivative = sigmas.Derivative(modelOutput, sigmas[stepIndex], sample);
        var width = (float)sigmas[stepIndex + 1] - (float)sigmas[stepIndex];
        return sample.Plus(derivative.Times(width)).MoveToOuterDisposeScope();
    }

    /// <summary>It remembers nothing.</summary>
    public void Dispose() { }
}
