using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training.Translation;

/// <summary>Where the rows for a text encoder come from.</summary>
/// <param name="CopiedFrom">The text encoder of the first model, from 0, that has the same vocabulary; or null.</param>
/// <param name="Quality">Of the map that was fitted, or null if the rows are copied.</param>
/// <param name="Tokens">The tokens that the models have in common.</param>
internal sealed record EncoderTranslation(int? CopiedFrom, MapQuality? Quality, int Tokens);

/// <summary>An embedding for the text encoders of another model.</summary>
/// <param name="Rows">(n, d) float32 for each text encoder.</param>
/// <param name="Encoders">Where the rows of each text encoder come from.</param>
internal sealed record TranslatedEmbedding(IReadOnlyList<Tensor> Rows, IReadOnlyList<EncoderTranslation> Encoders);

/// <summary>
/// Carries an embedding from one model to another. Rows for a text encoder with the same vocabulary are copied: that of
/// Stable Diffusion 1 and the first one of Stable Diffusion XL are both CLIP's ViT-L/14. All others are mapped, see
/// <see cref="VocabularyMap"/>.
/// </summary>
internal static class EmbeddingTranslation
{
    private const double SameCosine = 0.999; // of rows that are equal but for rounding, or fine-tuned a little

    /// <param name="rows">The rows, (n, d) for each text encoder of the first model.</param>
    /// <param name="from">The text encoders of the first model.</param>
    /// <param name="to">Those of the other.</param>
    /// <exception cref="TextualInversionException">The models have too few tokens in common.</exception>
    public static TranslatedEmbedding Translate(
        IReadOnlyList<Tensor> rows,
        IReadOnlyList<Vocabulary> from,
        IReadOnlyList<Vocabulary> to
    )
    {
        List<Tensor> translated = [];
        List<EncoderTranslation> encoders = [];
        foreach (var encoder in to)
        {
            var (own, origin) = Translate(rows, from, encoder);
            translated.Add(own);
            encoders.Add(origin);
        }

        return new TranslatedEmbedding(translated, encoders);
    }

    private static (Tensor Rows, EncoderTranslation Origin) Translate(
        IReadOnlyList<Tensor> rows,
        IReadOnlyList<Vocabulary> from,
        Vocabulary to
    )
    {
        using var shared = SharedTokens.Of(from, to);
        var tokens = (int)shared.To.shape[0];
        if (Same(from, to) is { } same)
            return (rows[same].clone().DetachFromDisposeScope(), new EncoderTranslation(same, null, tokens));
        using var map = VocabularyMap.Fit(shared);
        using var scope = NewDisposeScope();
        var mapped = map.Apply(cat([.. rows], dim: 1)).DetachFromDisposeScope(); // (n, b)
        return (mapped, new EncoderTranslation(null, map.Quality, tokens));
    }

    /// <summary>The text encoder of the first model with the same vocabulary, or null.</summary>
    private static int? Same(IReadOnlyList<Vocabulary> from, Vocabulary to)
    {
        for (var i = 0; i < from.Count; i++)
        {
            if (from[i].Width != to.Width)
                continue;
            using var scope = NewDisposeScope();
            using var shared = SharedTokens.Of([from[i]], to);
            var cosine = nn.functional.cosine_similarity(shared.From, shared.To, dim: 1).mean();
            if (HostCopy.Scalars([cosine])[0] >= SameCosine)
                return i;
        }

        return null;
    }
}
