using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>What the U-Net is told of the prompts.</summary>
/// <param name="EncoderHiddenStates">(B, S, D)</param>
/// <param name="Added">what Stable Diffusion XL adds; null in the others</param>
internal sealed record Conditioning(Tensor EncoderHiddenStates, AddedConditioning? Added = null)
{
    /// <summary>The prompts of both, the first ones first.</summary>
    public static Conditioning Concatenate(Conditioning first, Conditioning second) =>
        new(
            cat([first.EncoderHiddenStates, second.EncoderHiddenStates], dim: 0), // (B1 + B2, S, D)
            first.Added is null ? null : AddedConditioning.Concatenate(first.Added, second.Added!)
        );

    /// <summary>The same for each of several images.</summary>
    public Conditioning Repeat(int images) =>
        new(
            EncoderHiddenStates.repeat(images, 1, 1), // (n B, S, D)
            Added is null
                ? null
                : new AddedConditioning(Added.PooledText.repeat(images, 1), Added.TimeIds.repeat(images, 1))
        );

    /// <summary>The same images with zeros in the prompts' place.</summary>
    public Conditioning WithoutPrompts() =>
        new(
            zeros_like(EncoderHiddenStates),
            Added is null ? null : Added with { PooledText = zeros_like(Added.PooledText) }
        );
}

/// <summary>What Stable Diffusion XL is told beside the encoders' states.</summary>
/// <param name="PooledText">(B, P), the projected end-of-text state of the second encoder: <c>text_embeds</c></param>
/// <param name="TimeIds">(B, 6), see <see cref="SizeConditioning"/></param>
internal sealed record AddedConditioning(Tensor PooledText, Tensor TimeIds)
{
    internal static AddedConditioning Concatenate(AddedConditioning first, AddedConditioning second) =>
        new(
            cat([first.PooledText, second.PooledText], dim: 0), // (B1 + B2, P)
            cat([first.TimeIds, second.TimeIds], dim: 0)
        ); // (B1 + B2, 6)
}
