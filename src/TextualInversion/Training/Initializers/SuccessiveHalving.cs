namespace TextualInversion.Training.Initializers;

/// <summary>
/// Finds the best of many at the cost of a few (Jamieson and Talwalkar 2016, https://arxiv.org/abs/1502.07943): all are judged by little, the better half by twice as much, and so on.
/// </summary>
internal static class SuccessiveHalving
{
    /// <param name="candidates">at least one</param>
    /// <param name="few">how much the first round judges by</param>
    /// <param name="all">how much there is: what the last round judges by</param>
    /// <param name="fewest">candidates that the last round ranks, at least, where there are as many</param>
    /// <param name="scoreOf">of a candidate, judged by so much; the smaller the better, and not finite for the worst</param>
    /// <returns>those of the last round with their scores, the best first, the earlier of equals</returns>
    public static IReadOnlyList<(T Candidate, double Score)> Rank<T>(
        IReadOnlyList<T> candidates,
        int few,
        int all,
        int fewest,
        Func<T, int, double> scoreOf
    )
    {
        var left = candidates;
        for (var much = few; much < all && left.Count > fewest; much *= 2)
            left =
            [
                .. Judge(left, much).Take(Math.Max(fewest, (left.Count + 1) / 2)).Select(judged => judged.Candidate),
            ];
        return [.. Judge(left, all)];

        IEnumerable<(T Candidate, double Score)> Judge(IReadOnlyList<T> which, int much) =>
            which
                .Select(candidate => (candidate, scoreOf(candidate, much)))
                .OrderBy(judged => double.IsFinite(judged.Item2) ? judged.Item2 : double.PositiveInfinity);
    }

    /// <summary>How much is judged by in all.</summary>
    public static int Cost(int candidates, int few, int all, int fewest)
    {
        var cost = 0;
        Rank([.. Enumerable.Range(0, candidates)], few, all, fewest, (_, much) => cost += much);
        return cost;
    }
}
