using System.Globalization;

namespace TextualInversion.Evaluation;

/// <summary>
/// Looks for signs of trouble. What is too alike differs from one CLIP to the next, so limits are taken from the images at hand:
/// a quarter of the distance (one minus the cosine) that is usual among them is too little.
/// </summary>
internal sealed class DiagnosticsFinder(
    CandidateImages baseline,
    string baselineName,
    IReadOnlyList<ScoredImage> blank,
    IReadOnlyList<float[]> given,
    IReadOnlyList<string> prompts,
    IReadOnlyList<float[]> texts
)
{
    private const double TooLittle = 0.25;

    /// <param name="images">of the candidate</param>
    /// <param name="likenessGain">over the baseline</param>
    public IReadOnlyList<Diagnostic> Find(CandidateImages images, Estimate likenessGain)
    {
        List<Diagnostic?> signs =
        [
            LearnedNothing(likenessGain),
            TooAlike(
                DiagnosticKind.WordChangesNothing,
                images.AlikeTo(blank),
                baseline.SeedsAlike(),
                "the images are those without the word"
            ),
            TooAlike(
                DiagnosticKind.WordChangesNothing,
                images.AlikeTo(baseline.Bare),
                baseline.SeedsAlike(),
                $"the images are those of {baselineName}"
            ),
            TooAlike(
                DiagnosticKind.SeedsAlike,
                images.SeedsAlike(),
                baseline.SeedsAlike(),
                "images of different seeds are too alike"
            ),
            given.Count < 2
                ? null
                : TooAlike(
                    DiagnosticKind.CopiesImage,
                    Nearest(images),
                    CandidateImages.Pairs(given).Max(),
                    "an image is too near one given image, as if copied"
                ),
            .. prompts.Select((prompt, index) => PromptChangesNothing(images, prompt, index)),
        ];
        return [.. signs.OfType<Diagnostic>()];
    }

    private Diagnostic? LearnedNothing(Estimate gain) =>
        gain.IsAboveZero
            ? null
            : new Diagnostic(
                DiagnosticKind.LearnedNothing,
                gain.Mean,
                2 * gain.StandardError,
                Text(
                    $"no more like the given images than {baselineName}: {gain.Mean:+0.0000;-0.0000} imageSimilarity, chance explains up to {2 * gain.StandardError:F4}"
                )
            );

    /// <param name="kind">of the sign</param>
    /// <param name="cosine">what was measured</param>
    /// <param name="usual">the cosine that is usual</param>
    /// <param name="what">it means</param>
    private static Diagnostic? TooAlike(DiagnosticKind kind, double cosine, double usual, string what)
    {
        var limit = 1 - TooLittle * (1 - usual);
        return cosine <= limit
            ? null
            : new Diagnostic(kind, cosine, limit, Text($"{what}: cosine {cosine:F4}, usual {usual:F4}"));
    }

    private Diagnostic? PromptChangesNothing(CandidateImages images, string prompt, int index)
    {
        var usual = Estimate.Of(baseline.Effect(index, texts[index]));
        var (effect, limit) = (images.Effect(index, texts[index]).Average(), TooLittle * usual.Mean);
        return !usual.IsAboveZero || effect >= limit
            ? null
            : new Diagnostic(
                DiagnosticKind.PromptChangesNothing,
                effect,
                limit,
                Text(
                    $"\"{prompt}\" changes nothing: {effect:+0.0000;-0.0000} obedience over the bare prompt, {usual.Mean:+0.0000;-0.0000} with {baselineName}"
                )
            );
    }

    private double Nearest(CandidateImages images) =>
        images.Bare.Max(image => given.Max(other => ClipScorer.Cosine(image.Embedding, other)));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
