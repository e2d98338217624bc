using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Euler's method over the probability-flow equation: Karras et al., arXiv 2206.00364, algorithm 2 without churn. Equal
/// to diffusers' <c>EulerDiscreteScheduler</c>.
/// </summary>
internal sealed class EulerScheduler : ISigmaSampler
{
    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range, or the folder asks for an option that this sampler does not have.
    /// </exception>
    public EulerScheduler(SchedulerConfig config, int steps)
    {
        const string Name = "Euler";
        config.Require(Name, "interpolation_type", "linear");
        config.Require(Name, "timestep_type", "discrete");
        config.Require(Name, "final_sigmas_type", "zero");
        config.Require(Name, "sigma_min");
        config.Require(Name, "sigma_max");
        Grid = new SigmaGrid(Name, config, steps);
    }

    public SigmaGrid Grid { get; }

    public IReadOnlyList<float> Timesteps => Grid.Timesteps;

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        using var scope = NewDisposeScope();
        var derivative = Grid.Derivative(modelOutput, Grid[stepIndex], sample);
        var width = (float)Grid[stepIndex + 1] - (float)Grid[stepIndex];
        return sample.Plus(derivative.Times(width)).MoveToOuterDisposeScope();
    }

    /// <summary>Stateless.</summary>
    public void Dispose() { }
}
