using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Generation;

/// <summary>
/// Scales what an embedding learned: from the initializer's vectors at strength 0 to the learned vectors at 1, and
/// beyond.
/// </summary>
internal static class EmbeddingStrength
{
    /// <param name="learned">The learned vectors, (n, d).</param>
    /// <param name="initializer">The words that training started from.</param>
    /// <param name="tokenizer">The tokenizer of the text encoder.</param>
    /// <param name="vocabulary">The token embeddings of the text encoder, (V, d).</param>
    /// <param name="strength">The strength; 1 gives the learned vectors.</param>
    /// <returns>(n, d) on the vocabulary's device.</returns>
    /// <exception cref="TextualInversionException">The initializer is not a word of this vocabulary.</exception>
    public static Tensor Apply(
        Tensor learned,
        string initializer,
        ClipTokenizer tokenizer,
        Tensor vocabulary,
        double strength
    )
    {
        using var scope = NewDisposeScope();
        var start = Initializer.Parse(tokenizer, initializer).Rows(vocabulary, (int)learned.shape[0]); // (n, d)
        return start.Plus((learned.to(vocabulary.device) - start).Times(strength)).MoveToOuterDisposeScope();
    }
}
