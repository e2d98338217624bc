using TextualInversion.Checkpoints;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Models.Direct;

/// <summary>
/// When a block is computed here rather than by PyTorch's operations: in training, where it is so small that what surrounds the operations (a
/// gradient's node for each, their tensors, their order in memory) takes longer than they do. Each block is then one node, with its gradient by hand.
/// </summary>
internal static class DirectUse
{
    // A block's own numbers are gone through by one thread: above, PyTorch's threads catch up.
    private const long NumbersUpTo = 1 << 16;

    // The probabilities of an attention are kept, which PyTorch's way computes twice instead.
    private const long ProbabilitiesUpTo = 1 << 20;

    /// <param name="weights">Of the block.</param>
    /// <param name="x">What goes in.</param>
    /// <param name="largestLayer">The most weights of a layer of it.</param>
    /// <param name="probabilities">How many its largest attention has.</param>
    public static bool Suits(Weights weights, Tensor x, long largestLayer, long probabilities = 0) =>
        weights.MayReorder && Blas.IsAvailable && Layers.Layers.SuitOneDnn(x)
        && largestLayer <= Layers.Layers.ReorderedUpTo && x.numel() <= NumbersUpTo && probabilities <= ProbabilitiesUpTo;
}
