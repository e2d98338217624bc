using System.Globalization;

namespace TextualInversion.Evaluation;

/// <summary>Which candidate to keep, and why.</summary>
/// <param name="Name">the candidate's; null where none is worth it</param>
/// <param name="Reason">for people</param>
internal sealed record Choice(string? Name, string Reason)
{
    /// <summary>
    /// ImageSimilarity is bought with textSimilarity, so neither decides alone. Both become shares of what can be had, likeness from the baseline to
    /// the given images, obedience from images that ignore the prompt to the baseline; the best is that with the largest harmonic
    /// mean of the two, the earlier one where two are equal. Only candidates that are more like the given images than the baseline by more than chance are looked at.
    /// </summary>
    internal static Choice Of(IReadOnlyList<EvaluationRow> rows, EvaluationRow baseline, double? ceiling, double floor)
    {
        var learned = rows.Where(row => row.LikenessGain.IsAboveZero)
            .Select(row => (Row: row, Shares: SharesOf(row, baseline, ceiling, floor)))
            .ToList();
        if (learned.Count == 0)
            return new Choice(
                null,
                $"none is more like the given images than {baseline.Name} by two standard errors; train longer, or at another learning rate"
            );
        var (best, shares) = learned.MaxBy(pair => pair.Shares.Balance);
        if (shares.Balance <= 0)
            return new Choice(
                null,
                $"none follows the prompts any more where it is like the given images; train for fewer steps, or at a lower learning rate"
            );
        var reason = string.Create(
            CultureInfo.InvariantCulture,
            $"it goes {shares.ImageSimilarity:P0} of the way from {baseline.Name} to the given images and keeps {shares.TextSimilarity:P0} of what prompts do to {baseline.Name}, the best balance"
        );
        var (likest, others) = learned.MaxBy(pair => pair.Row.ImageSimilarity.Mean);
        if (likest != best)
            reason += string.Create(
                CultureInfo.InvariantCulture,
                $"; {likest.Name} is more like them ({others.ImageSimilarity:P0}) and keeps only {others.TextSimilarity:P0}"
            );
        return new Choice(best.Name, reason);
    }

    private static Shares SharesOf(EvaluationRow row, EvaluationRow baseline, double? ceiling, double floor) =>
        new(
            Share(row.ImageSimilarity.Mean, baseline.ImageSimilarity.Mean, ceiling ?? 1),
            // A model that does not follow the prompts itself cannot tell who does.
            baseline.TextSimilarity.Mean > floor
                ? Share(row.TextSimilarity.Mean, floor, baseline.TextSimilarity.Mean)
                : 1
        );

    private static double Share(double value, double from, double to) =>
        to > from ? Math.Clamp((value - from) / (to - from), 0, 1)
        : value > from ? 1
        : 0;

    private readonly record struct Shares(double ImageSimilarity, double TextSimilarity)
    {
        public double Balance =>
            ImageSimilarity + TextSimilarity > 0
                ? 2 * ImageSimilarity * TextSimilarity / (ImageSimilarity + TextSimilarity)
                : 0;
    }
}
