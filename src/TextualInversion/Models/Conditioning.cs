using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>The U-Net's conditioning on B prompts.</summary>
/// <param name="EncoderHiddenStates">(B, S, D), the states of the text encoders.</param>
/// <param name="Added">The additional conditioning of Stable Diffusion XL. Null for other models.</param>
internal sealed record Conditioning(Tensor EncoderHiddenStates, AddedConditioning? Added = null)
{
    /// <summary>The prompts of both batches, first those of <paramref name="first"/>.</summary>
    public static Conditioning Concatenate(Conditioning first, Conditioning second) =>
        new(
            cat([first.EncoderHiddenStates, second.EncoderHiddenStates], dim: 0), // (B1 + B2, S, D)
            first.Added is null ? null : AddedConditioning.Concatenate(first.Added, second.Added!)
        );

    /// <summary>The batch repeated for several images.</summary>
    public Conditioning Repeat(int images) =>
        new(
            EncoderHiddenStates.repeat(images, 1, 1), // (n B, S, D)
            Added is null
                ? null
                : new AddedConditioning(Added.PooledText.repeat(images, 1), Added.TimeIds.repeat(images, 1))
        );

    /// <summary>Takes the tensors out of the dispose scope; <see cref="Dispose"/> frees them.</summary>
    public Conditioning DetachFromDisposeScope()
    {
        foreach (var each in Tensors)
            each.DetachFromDisposeScope();
        return this;
    }

    public void Dispose()
    {
        foreach (var each in Tensors)
            each.Dispose();
    }

    /// <summary>The same image sizes with zeros instead of prompts.</summary>
    public Conditioning WithoutPrompts() =>
        new(
            zeros_like(EncoderHiddenStates),
            Added is null ? null : Added with { PooledText = zeros_like(Added.PooledText) }
        );

    private IEnumerable<Tensor> Tensors =>
        Added is null ? [EncoderHiddenStates] : [EncoderHiddenStates, Added.PooledText, Added.TimeIds];
}

/// <summary>The conditioning of Stable Diffusion XL in addition to the states of the text encoders.</summary>
/// <param name="PooledText">
/// (B, P), the projected end-of-text state of the second text encoder: <c>text_embeds</c>.
/// </param>
/// <param name="TimeIds">(B, 6), see <see cref="SizeConditioning"/>.</param>
internal sealed record AddedConditioning(Tensor PooledText, Tensor TimeIds)
{
    internal static AddedConditioning Concatenate(AddedConditioning first, AddedConditioning second) =>
        new(
            cat([first.PooledText, second.PooledText], dim: 0), // (B1 + B2, P)
            cat([first.TimeIds, second.TimeIds], dim: 0)
        ); // (B1 + B2, 6)
}
