using System.Globalization;

namespace TextualInversion.Evaluation;

/// <summary>
/// Looks for signs of trouble. What is too alike differs from one CLIP to the next, so limits are taken from the pictures at hand:
/// a quarter of the distance (one minus the cosine) that is usual among them is too little.
/// </summary>
internal sealed class SignFinder(
    CandidatePictures baseline,
    string baselineName,
    IReadOnlyList<ScoredPicture> blank,
    IReadOnlyList<float[]> given,
    IReadOnlyList<string> prompts,
    IReadOnlyList<float[]> texts
)
{
    private const double TooLittle = 0.25;

    /// <param name="pictures">of the candidate</param>
    /// <param name="likenessGain">over the baseline</param>
    public IReadOnlyList<Sign> Find(CandidatePictures pictures, Estimate likenessGain)
    {
        List<Sign?> signs =
        [
            LearnedNothing(likenessGain),
            TooAlike(
                SignKind.WordChangesNothing,
                pictures.AlikeTo(blank),
                baseline.SeedsAlike(),
                "the pictures are those without the word"
            ),
            TooAlike(
                SignKind.WordChangesNothing,
                pictures.AlikeTo(baseline.Bare),
                baseline.SeedsAlike(),
                $"the pictures are those of {baselineName}"
            ),
            TooAlike(
                SignKind.SeedsAlike,
                pictures.SeedsAlike(),
                baseline.SeedsAlike(),
                "pictures of different seeds are too alike"
            ),
            given.Count < 2
                ? null
                : TooAlike(
                    SignKind.CopiesPicture,
                    Nearest(pictures),
                    CandidatePictures.Pairs(given).Max(),
                    "a picture is too near one given picture, as if copied"
                ),
            .. prompts.Select((prompt, index) => PromptChangesNothing(pictures, prompt, index)),
        ];
        return [.. signs.OfType<Sign>()];
    }

    private Sign? LearnedNothing(Estimate gain) =>
        gain.IsAboveZero
            ? null
            : new Sign(
                SignKind.LearnedNothing,
                gain.Mean,
                2 * gain.StandardError,
                Text(
                    $"no more like the given pictures than {baselineName}: {gain.Mean:+0.0000;-0.0000} likeness, chance explains up to {2 * gain.StandardError:F4}"
                )
            );

    /// <param name="kind">of the sign</param>
    /// <param name="cosine">what was measured</param>
    /// <param name="usual">the cosine that is usual</param>
    /// <param name="what">it means</param>
    private static Sign? TooAlike(SignKind kind, double cosine, double usual, string what)
    {
        var limit = 1 - TooLittle * (1 - usual);
        return cosine <= limit
            ? null
            : new Sign(kind, cosine, limit, Text($"{what}: cosine {cosine:F4}, usual {usual:F4}"));
    }

    private Sign? PromptChangesNothing(CandidatePictures pictures, string prompt, int index)
    {
        var usual = Estimate.Of(baseline.Effect(index, texts[index]));
        var (effect, limit) = (pictures.Effect(index, texts[index]).Average(), TooLittle * usual.Mean);
        return !usual.IsAboveZero || effect >= limit
            ? null
            : new Sign(
                SignKind.PromptChangesNothing,
                effect,
                limit,
                Text(
                    $"\"{prompt}\" changes nothing: {effect:+0.0000;-0.0000} obedience over the bare prompt, {usual.Mean:+0.0000;-0.0000} with {baselineName}"
                )
            );
    }

    private double Nearest(CandidatePictures pictures) =>
        pictures.Bare.Max(picture => given.Max(other => ClipScorer.Cosine(picture.Embedding, other)));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
