using static TorchSharp.torch;

namespace TextualInversion.Training.Optimizers;

/// <summary>Keeps rows at a norm.</summary>
internal static class NormRescaling
{
    /// <summary>(n, 1), the norm for each row; null where none is kept.</summary>
    /// <param name="kept">which</param>
    /// <param name="initialRows">(n, d)</param>
    /// <param name="vocabulary">(V, d)</param>
    public static Tensor? Norms(NormConstraint kept, Tensor initialRows, Tensor vocabulary)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return kept switch
        {
            NormConstraint.None => null,
            NormConstraint.Initializer => initialRows
                .to(ScalarType.Float32)
                .norm(1, keepdim: true)
                .MoveToOuterDisposeScope(),
            NormConstraint.Vocabulary => vocabulary
                .to(ScalarType.Float32)
                .norm(1)
                .mean()
                .expand(initialRows.shape[0], 1)
                .MoveToOuterDisposeScope(),
            _ => throw new ArgumentOutOfRangeException(nameof(kept)),
        };
    }

    /// <summary>Gives the rows their norms, in place.</summary>
    /// <param name="rows">(n, d)</param>
    /// <param name="norms">(n, 1)</param>
    public static void Apply(Tensor rows, Tensor norms)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        rows.copy_(nn.functional.normalize(rows, dim: 1) * norms);
    }
}
