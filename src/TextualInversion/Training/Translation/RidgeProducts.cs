using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training.Translation;

/// <summary>The sums from which ridge regressions of different strength are solved.</summary>
internal sealed class RidgeProducts : IDisposable
{
    private readonly Tensor fromMean, // (1, a)
        toMean, // (1, b)
        squares, // (a, a) float64
        crossed; // (a, b) float64
    private readonly double scale;

    /// <param name="from">(m, a).</param>
    /// <param name="to">(m, b).</param>
    public RidgeProducts(Tensor from, Tensor to)
    {
        using var scope = NewDisposeScope();
        fromMean = from.mean([0], keepdim: true).DetachFromDisposeScope();
        toMean = to.mean([0], keepdim: true).DetachFromDisposeScope();
        Tensor x = from - fromMean,
            y = to - toMean;
        squares = x.t().mm(x).to(ScalarType.Float64).DetachFromDisposeScope();
        crossed = x.t().mm(y).to(ScalarType.Float64).DetachFromDisposeScope();
        var norms = HostCopy.Scalars([from.norm(1).mean(), to.norm(1).mean()]);
        scale = norms[1] / Math.Max(norms[0], 1e-12);
    }

    /// <summary>Solves it.</summary>
    /// <param name="strength">The ridge relative to the mean square of the first rows' values.</param>
    public RidgeSolution Solve(double strength)
    {
        using var scope = NewDisposeScope();
        var mean = HostCopy.Scalars([squares.diagonal().mean()])[0];
        var ridge = eye(squares.shape[0], dtype: ScalarType.Float64, device: squares.device)
            .Times(Math.Max(strength * mean, 1e-12));
        var weights = linalg.solve(squares.Plus(ridge), crossed).to(ScalarType.Float32); // (a, b)
        return new RidgeSolution(
            weights.DetachFromDisposeScope(),
            fromMean.clone().DetachFromDisposeScope(),
            toMean.clone().DetachFromDisposeScope(),
            scale
        );
    }

    public void Dispose()
    {
        fromMean.Dispose();
        toMean.Dispose();
        squares.Dispose();
        crossed.Dispose();
    }
}

/// <summary>A ridge regression.</summary>
/// <param name="Weights">(a, b).</param>
/// <param name="FromMean">(1, a).</param>
/// <param name="ToMean">(1, b).</param>
/// <param name="Scale">The mean norm of the second rows relative to that of the first.</param>
internal sealed record RidgeSolution(Tensor Weights, Tensor FromMean, Tensor ToMean, double Scale) : IDisposable
{
    /// <summary>Maps rows.</summary>
    /// <param name="rows">(n, a).</param>
    /// <returns>(n, b).</returns>
    public Tensor Apply(Tensor rows)
    {
        using var scope = NewDisposeScope();
        return (rows - FromMean).mm(Weights).Plus(ToMean).MoveToOuterDisposeScope();
    }

    /// <summary>The mean cosine similarity of some tokens' mapped rows and their true ones.</summary>
    public double Cosine(SharedTokens shared, Tensor tokens)
    {
        using var scope = NewDisposeScope();
        var mapped = Apply(shared.From.index_select(0, tokens));
        var truth = shared.To.index_select(0, tokens);
        return HostCopy.Scalars([nn.functional.cosine_similarity(mapped, truth, dim: 1).mean()])[0];
    }

    public void Dispose()
    {
        Weights.Dispose();
        FromMean.Dispose();
        ToMean.Dispose();
    }
}
