using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>What the U-Net is told of the prompts.</summary>
/// <param name="EncoderHiddenStates">(B, S, D)</param>
public sealed record Conditioning(Tensor EncoderHiddenStates)
{
    /// <summary>The prompts of both, the first ones first.</summary>
    public static Conditioning Concatenate(Conditioning first, Conditioning second) =>
        new(cat([first.EncoderHiddenStates, second.EncoderHiddenStates], dim: 0)); // (B1 + B2, S, D)
}
