using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training.Optimizers;

/// <summary>
/// The exponential moving average of the vectors over the steps (Polyak and Juditsky 1992), which evens out the noise
/// of single steps. Early on the decay is smaller, (1 + step) / (10 + step), as in diffusers' <c>EMAModel</c>, so that
/// the average does not stay close to the initial vectors.
/// </summary>
/// <param name="rows">The initial vectors, (n, d) for each text encoder. They are copied.</param>
/// <param name="decay">The largest decay, in (0, 1), typically 0.95 to 0.99.</param>
internal sealed class ExponentialMovingAverage(IReadOnlyList<Tensor> rows, double decay) : IDisposable
{
    /// <summary>The average, (n, d) for each text encoder.</summary>
    public IReadOnlyList<Tensor> Rows { get; } = Copies(rows);

    /// <summary>Adds the vectors of a step to the average.</summary>
    /// <param name="now">The vectors after the step.</param>
    /// <param name="step">The step, counted from 1.</param>
    public void Add(IReadOnlyList<Tensor> now, int step)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var kept = Math.Min(decay, (1.0 + step) / (10.0 + step));
        foreach (var (average, each) in Rows.Zip(now))
            average.MultiplyInPlace(kept).AddInPlace(each.detach(), 1 - kept);
    }

    public void Dispose()
    {
        foreach (var each in Rows)
            each.Dispose();
    }

    private static List<Tensor> Copies(IReadOnlyList<Tensor> rows)
    {
        using var scope = NewDisposeScope();
        return [.. rows.Select(each => each.detach().clone().DetachFromDisposeScope())];
    }
}
