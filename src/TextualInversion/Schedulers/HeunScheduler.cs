using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Heun's second-order method: an Euler step, then the same step again with the mean of the derivatives at both of its
/// ends; the last step stays Euler's. Karras et al., arXiv 2206.00364, algorithm 1. Equal to diffusers'
/// <c>HeunDiscreteScheduler</c>.
/// </summary>
internal sealed class HeunScheduler : ISigmaSampler
{
    private const string Name = "Heun";

    private readonly History beginning = new(2, callsPerStep: 2); // the derivative and the sample where the step began

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range, or the folder asks for an option that this sampler does not have.
    /// </exception>
    public HeunScheduler(SchedulerConfig config, int steps)
    {
        config.Require(Name, "clip_sample", "false");
        // Diffusers' class ignores this option
        Grid = new SigmaGrid(Name, config with { RescaleBetasZeroSnr = false }, steps);
        Timesteps = [Grid.Timesteps[0], .. Grid.Timesteps.Skip(1).SelectMany(timestep => new[] { timestep, timestep })];
    }

    public SigmaGrid Grid { get; }

    public IReadOnlyList<float> Timesteps { get; }

    public int CallsPerStep => 2;

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        beginning.Enter(stepIndex);
        using var scope = NewDisposeScope();
        var derivative = Grid.Derivative(modelOutput, SigmaOfCall(stepIndex), sample);
        var step = stepIndex / 2;
        var width = Grid[step + 1] - Grid[step];
        if (stepIndex % 2 == 1)
            return beginning[1].Plus(beginning[0].Plus(derivative).Times(width / 2)).MoveToOuterDisposeScope();
        beginning.Add(sample);
        beginning.Add(derivative);
        return sample.Plus(derivative.Times(width)).MoveToOuterDisposeScope();
    }

    public void Dispose() => beginning.Dispose();

    /// <summary>Every second call is made where its step ends.</summary>
    public double SigmaOfCall(int stepIndex) => Grid[(stepIndex + 1) / 2];
}
