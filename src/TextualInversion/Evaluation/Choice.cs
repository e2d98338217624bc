using System.Globalization;

namespace TextualInversion.Evaluation;

/// <summary>The candidate to keep, and the reason.</summary>
/// <param name="Name">The candidate's name; null if no candidate is worth keeping.</param>
/// <param name="Reason">The reason as a sentence without a period.</param>
internal sealed record Choice(string? Name, string Reason)
{
    /// <summary>
    /// Chooses the best balance. More image similarity costs text similarity, so neither decides alone. Both become
    /// shares of what is possible: image similarity from the baseline to the training images, text similarity from
    /// images that ignore the prompt to the baseline. The candidate with the largest harmonic mean of the two wins, the
    /// first one if two are equal. Candidates whose image similarity is not above the baseline's by more than chance
    /// are left out.
    /// </summary>
    internal static Choice Of(IReadOnlyList<EvaluationRow> rows, EvaluationRow baseline, double? ceiling, double floor)
    {
        var learned = rows.Where(row => row.ImageSimilarityGain.IsAboveZero)
            .Select(row => (Row: row, Shares: SharesOf(row, baseline, ceiling, floor)))
            .ToList();
        if (learned.Count == 0)
            return new Choice(
                null,
                $"none has more image similarity than {baseline.Name} by two standard errors; "
                    + "train longer, or with another learning rate"
            );
        var (best, shares) = learned.MaxBy(pair => pair.Shares.Balance);
        if (shares.Balance <= 0)
            return new Choice(
                null,
                "those that look like the training images no longer follow prompts; "
                    + "train for fewer steps, or with a lower learning rate"
            );
        var (closest, others) = learned.MaxBy(pair => pair.Row.ImageSimilarity.Mean);
        var alternative = closest == best ? "" : Alternative(closest.Name, others);
        return new Choice(best.Name, Reasons(baseline.Name, shares) + alternative);
    }

    private static string Reasons(string baseline, Shares shares) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"it has the best balance: {shares.Image:P0} of the image similarity between {baseline} and the "
                + $"training images, "
                + $"{shares.Text:P0} of the text similarity of {baseline}"
        );

    private static string Alternative(string name, Shares shares) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"; {name} has more image similarity ({shares.Image:P0}) but only {shares.Text:P0} of the text similarity"
        );

    private static Shares SharesOf(EvaluationRow row, EvaluationRow baseline, double? ceiling, double floor)
    {
        var image = Share(row.ImageSimilarity.Mean, baseline.ImageSimilarity.Mean, ceiling ?? 1);
        // If the model itself does not follow the prompts, they cannot tell the candidates apart.
        var followsPrompts = baseline.TextSimilarity.Mean > floor;
        var text = followsPrompts ? Share(row.TextSimilarity.Mean, floor, baseline.TextSimilarity.Mean) : 1;
        return new Shares(image, text);
    }

    private static double Share(double value, double from, double to) =>
        to > from ? Math.Clamp((value - from) / (to - from), 0, 1)
        : value > from ? 1
        : 0;

    /// <summary>Shares of the possible image and text similarity, from 0 to 1.</summary>
    private readonly record struct Shares(double Image, double Text)
    {
        /// <summary>The harmonic mean.</summary>
        public double Balance => Image + Text > 0 ? 2 * Image * Text / (Image + Text) : 0;
    }
}
