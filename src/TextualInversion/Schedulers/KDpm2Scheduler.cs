using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// The midpoint method: half a step in log(sigma), then the whole step with the derivative found there; the last step
/// is Euler's (DPM-Solver-2, arXiv 2206.00927, algorithm 1, as in k-diffusion's <c>sample_dpm_2</c>). The ancestral
/// variant goes below the next level and adds fresh noise. Equal to diffusers' <c>KDPM2DiscreteScheduler</c> and
/// <c>KDPM2AncestralDiscreteScheduler</c>.
/// </summary>
internal sealed class KDpm2Scheduler : ISigmaSampler
{
    private readonly bool isAncestral;
    private readonly History beginning = new(1, callsPerStep: 2); // the sample where the step began

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range, or the folder asks for an option that this sampler does not have.
    /// </exception>
    public KDpm2Scheduler(SchedulerConfig config, int steps, bool isAncestral)
    {
        this.isAncestral = isAncestral;
        // diffusers' classes ignore zero terminal SNR. They round the timesteps of Karras's levels, but not those
        // between.
        Grid = new SigmaGrid(isAncestral ? "DPM2 a" : "DPM2", config with { RescaleBetasZeroSnr = false }, steps);
        var atLevels = config.UseKarrasSigmas ? Array.ConvertAll(Grid.Timesteps, MathF.Round) : Grid.Timesteps;
        var pairs = Enumerable
            .Range(1, steps - 1)
            .SelectMany(step => new[] { Grid.TimestepAt(Middle(step - 1)), atLevels[step] });
        Timesteps = [atLevels[0], .. pairs];
    }

    public SigmaGrid Grid { get; }

    public IReadOnlyList<float> Timesteps { get; }

    public int CallsPerStep => 2;

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        beginning.Enter(stepIndex);
        using var scope = NewDisposeScope();
        var step = stepIndex / 2;
        var derivative = Grid.Derivative(modelOutput, SigmaOfCall(stepIndex), sample);
        if (stepIndex % 2 == 0)
        {
            beginning.Add(sample);
            return sample.Plus(derivative.Times(Middle(step) - Grid[step])).MoveToOuterDisposeScope();
        }

        var (down, up) = Target(step);
        var next = beginning[0].Plus(derivative.Times(down - Grid[step]));
        if (isAncestral)
            next = next.Plus(FreshNoise.Like(sample, generator).Times(up));
        return next.MoveToOuterDisposeScope();
    }

    public void Dispose() => beginning.Dispose();

    public double SigmaOfCall(int stepIndex) => stepIndex % 2 == 0 ? Grid[stepIndex / 2] : Middle(stepIndex / 2);

    private (double Down, double Up) Target(int step) =>
        isAncestral ? Sigmas.Ancestral(Grid[step], Grid[step + 1]) : (Grid[step + 1], 0);

    /// <summary>The middle in log(sigma); 0 in the last step.</summary>
    private double Middle(int step) => Math.Sqrt(Grid[step] * Target(step).Down);
}
