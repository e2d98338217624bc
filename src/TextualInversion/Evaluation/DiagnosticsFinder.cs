using System.Globalization;

namespace TextualInversion.Evaluation;

/// <summary>
/// Finds what may be wrong with an embedding. How similar is too similar differs from one CLIP to the next, so the
/// limits come from the images at hand: a quarter of their usual distance (one minus the cosine) is too little.
/// </summary>
/// <param name="baseline">The initializer's images.</param>
/// <param name="baselineName">The initializer as warnings name it.</param>
/// <param name="withoutPlaceholder">The bare images of the prompt without a placeholder token.</param>
/// <param name="trainingImages">The embeddings of the training images.</param>
/// <param name="prompts">The edit prompts.</param>
/// <param name="texts">The embeddings of the edit prompts.</param>
internal sealed class DiagnosticsFinder(
    CandidateImages baseline,
    string baselineName,
    IReadOnlyList<ScoredImage> withoutPlaceholder,
    IReadOnlyList<float[]> trainingImages,
    IReadOnlyList<string> prompts,
    IReadOnlyList<float[]> texts
)
{
    private const double TooLittle = 0.25;

    /// <param name="images">The candidate's images.</param>
    /// <param name="gain">The candidate's gain in image similarity over the baseline.</param>
    public IReadOnlyList<Diagnostic> Find(CandidateImages images, Estimate gain)
    {
        List<Diagnostic?> found =
        [
            LearnedNothing(gain),
            SameAsWithoutPlaceholder(images),
            SameAsBaseline(images),
            SeedsAlike(images),
            CopiesImage(images),
            .. prompts.Select((prompt, index) => PromptChangesNothing(images, prompt, index)),
        ];
        return [.. found.OfType<Diagnostic>()];
    }

    private Diagnostic? LearnedNothing(Estimate gain)
    {
        if (gain.IsAboveZero)
            return null;
        var limit = 2 * gain.StandardError;
        var measured = Text($"image similarity {gain.Mean:+0.0000;-0.0000}, where chance explains up to {limit:F4}");
        var text = $"not more similar to the training images than {baselineName}: {measured}";
        return new Diagnostic(DiagnosticKind.LearnedNothing, gain.Mean, limit, text);
    }

    private Diagnostic? SameAsWithoutPlaceholder(CandidateImages images) =>
        TooSimilar(
            DiagnosticKind.PlaceholderChangesNothing,
            images.SimilarityTo(withoutPlaceholder),
            baseline.SimilarityAcrossSeeds(),
            "the images are the same as without the placeholder token"
        );

    private Diagnostic? SameAsBaseline(CandidateImages images) =>
        TooSimilar(
            DiagnosticKind.PlaceholderChangesNothing,
            images.SimilarityTo(baseline.Bare),
            baseline.SimilarityAcrossSeeds(),
            $"the images are the same as with {baselineName}"
        );

    private Diagnostic? SeedsAlike(CandidateImages images) =>
        TooSimilar(
            DiagnosticKind.SeedsAlike,
            images.SimilarityAcrossSeeds(),
            baseline.SimilarityAcrossSeeds(),
            "images of different seeds are too similar"
        );

    private Diagnostic? CopiesImage(CandidateImages images) =>
        trainingImages.Count < 2
            ? null
            : TooSimilar(
                DiagnosticKind.CopiesImage,
                images.Bare.Max(image => trainingImages.Max(other => ClipScorer.Cosine(image.Embedding, other))),
                CandidateImages.PairwiseSimilarities(trainingImages).Max(),
                "an image is nearly a copy of one training image"
            );

    /// <param name="kind">The warning if the cosine is too high.</param>
    /// <param name="cosine">The measured cosine.</param>
    /// <param name="usual">The usual cosine.</param>
    /// <param name="meaning">The meaning of a cosine that is too high.</param>
    private static Diagnostic? TooSimilar(DiagnosticKind kind, double cosine, double usual, string meaning)
    {
        var limit = 1 - TooLittle * (1 - usual);
        return cosine <= limit
            ? null
            : new Diagnostic(kind, cosine, limit, Text($"{meaning}: cosine {cosine:F4}, usually {usual:F4}"));
    }

    private Diagnostic? PromptChangesNothing(CandidateImages images, string prompt, int index)
    {
        var usual = Estimate.Of(baseline.PromptEffect(index, texts[index]));
        var effect = images.PromptEffect(index, texts[index]).Average();
        var limit = TooLittle * usual.Mean;
        if (!usual.IsAboveZero || effect >= limit)
            return null;
        var measured = Text(
            $"text similarity {effect:+0.0000;-0.0000} over the bare prompt, {usual.Mean:+0.0000;-0.0000}"
        );
        var text = $"\"{prompt}\" has no effect: {measured} with {baselineName}";
        return new Diagnostic(DiagnosticKind.PromptChangesNothing, effect, limit, text);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
