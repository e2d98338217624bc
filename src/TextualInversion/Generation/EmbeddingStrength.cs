using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Generation;

/// <summary>
/// Rows on the way from the words that an embedding started from, at 0, to what it learned, at 1, and beyond.
/// </summary>
internal static class EmbeddingStrength
{
    /// <param name="learned">(n, d)</param>
    /// <param name="initializer">the words</param>
    /// <param name="tokenizer">of the text encoder that the rows are for</param>
    /// <param name="vocabulary">(V, d), the encoder's</param>
    /// <param name="strength">how far</param>
    /// <returns>(n, d) on the vocabulary's device</returns>
    /// <exception cref="TextualInversionException">The initializer is no word of this vocabulary.</exception>
    public static Tensor Apply(
        Tensor learned,
        string initializer,
        ClipTokenizer tokenizer,
        Tensor vocabulary,
        double strength
    )
    {
        using var scope = NewDisposeScope();
        var groups = Initializer.Parse(tokenizer, initializer).SpreadOver((int)learned.shape[0]);
        var start = stack(
            [
                .. groups.Select(ids =>
                    vocabulary
                        .index_select(0, tensor(Array.ConvertAll(ids, id => (long)id), device: vocabulary.device))
                        .mean([0])
                ),
            ],
            dim: 0
        ); // (n, d)
        return start.Plus((learned.to(vocabulary.device) - start).Times(strength)).MoveToOuterDisposeScope();
    }
}
