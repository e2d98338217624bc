using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training.Optimizers;

/// <summary>
/// The exponential moving average of rows over the steps (Polyak and Juditsky 1992), in which what single steps got
/// wrong evens out. Early on it keeps less of itself,
/// (1 + step) / (10 + step), as diffusers' <c>EMAModel</c> does, or it would long remember where the rows began.
/// </summary>
/// <param name="rows">(n, d) for each text encoder: where it starts; copied</param>
/// <param name="decay">the largest share that it keeps of itself in a step, in (0, 1)</param>
internal sealed class ExponentialMovingAverage(IReadOnlyList<Tensor> rows, double decay) : IDisposable
{
    /// <summary>(n, d) for each text encoder.</summary>
    public IReadOnlyList<Tensor> Rows { get; } =
    [.. rows.Select(each => each.detach().clone().DetachFromDisposeScope())];

    /// <param name="now">the rows after a step</param>
    /// <param name="step">counted from 1</param>
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
}
