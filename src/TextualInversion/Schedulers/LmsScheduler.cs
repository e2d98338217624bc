using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Linear multistep of fourth order (Adams-Bashforth) over the probability-flow equation of Karras et al., arXiv
/// 2206.00364, eq. 1 (k-diffusion's <c>sample_lms</c>). Equal to diffusers' <c>LMSDiscreteScheduler</c>, except that a
/// run that begins later builds up its order from there: diffusers counts the steps that were left out, and overshoots.
/// </summary>
internal sealed class LmsScheduler : ISigmaSampler
{
    private const int Order = 4;

    private readonly History derivatives = new(Order);

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range, or the folder asks for an option that this sampler does not have.
    /// </exception>
    public LmsScheduler(SchedulerConfig config, int steps) =>
        // Diffusers' class ignores this option
        Grid = new SigmaGrid("LMS", config with { RescaleBetasZeroSnr = false }, steps);

    public SigmaGrid Grid { get; }

    public IReadOnlyList<float> Timesteps => Grid.Timesteps;

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        derivatives.Enter(stepIndex);
        using var scope = NewDisposeScope();
        derivatives.Add(Grid.Derivative(modelOutput, Grid[stepIndex], sample));
        var next = sample;
        for (var age = 0; age < derivatives.Count; age++)
            next = next.Plus(derivatives[age].Times(Weight(stepIndex, age)));
        return next.MoveToOuterDisposeScope();
    }

    public void Dispose() => derivatives.Dispose();

    /// <summary>
    /// The integral over the step of the polynomial that is 1 at the derivative of this age and 0 at the others;
    /// Gauss's rule with two points is exact for the third degree.
    /// </summary>
    private double Weight(int stepIndex, int age)
    {
        double from = Grid[stepIndex],
            to = Grid[stepIndex + 1];
        double middle = (from + to) / 2,
            half = (to - from) / 2,
            offset = half / Math.Sqrt(3);
        return half * (Polynomial(middle - offset) + Polynomial(middle + offset));

        double Polynomial(double sigma)
        {
            var others = Enumerable
                .Range(0, derivatives.Count)
                .Where(other => other != age)
                .Select(other => Grid[stepIndex - other]);
            return others.Aggregate(1.0, (product, zero) => product * (sigma - zero) / (Grid[stepIndex - age] - zero));
        }
    }
}
