using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Models.Layers;

/// <summary>Sums that are safe under garbage collection.</summary>
internal static class TensorSums
{
    private static readonly Scalar One = 1;

    /// <summary>
    /// x + y. TorchSharp's operator makes a scalar 1 for each call and no longer refers to it when libtorch reads it, so
    /// its finalizer can free it too early. This was seen on a busy machine; all sums of the networks share one scalar.
    /// </summary>
    public static Tensor Plus(this Tensor x, Tensor y) => x.add(y, One);
}
