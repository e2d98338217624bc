using static TorchSharp.torch;

namespace TextualInversion.Training.Optimizers;

/// <summary>Rescales vectors to a norm; see <see cref="NormConstraint"/>.</summary>
internal static class NormRescaling
{
    /// <summary>The norm of each vector, (n, 1), or null if there is no constraint.</summary>
    /// <param name="constraint">The constraint.</param>
    /// <param name="initialRows">The initial vectors, (n, d).</param>
    /// <param name="vocabulary">The token embeddings, (V, d).</param>
    public static Tensor? Norms(NormConstraint constraint, Tensor initialRows, Tensor vocabulary)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return constraint switch
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
            _ => throw new ArgumentOutOfRangeException(nameof(constraint)),
        };
    }

    /// <summary>Rescales the vectors to the norms, in place.</summary>
    /// <param name="rows">The vectors, (n, d).</param>
    /// <param name="norms">The norms, (n, 1).</param>
    public static void Apply(Tensor rows, Tensor norms)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        rows.copy_(nn.functional.normalize(rows, dim: 1) * norms);
    }
}
