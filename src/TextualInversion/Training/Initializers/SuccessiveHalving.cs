namespace TextualInversion.Training.Initializers;

/// <summary>
/// Successive halving (Jamieson and Talwalkar 2016, https://arxiv.org/abs/1502.07943): finds the best of many
/// candidates at the cost
/// of evaluating a few. All are evaluated with a small budget, the better half with twice the budget, and so on.
/// </summary>
internal static class SuccessiveHalving
{
    /// <summary>Ranks the candidates of the last round, the best first.</summary>
    /// <param name="candidates">At least one.</param>
    /// <param name="minBudget">The budget of each candidate in the first round.</param>
    /// <param name="maxBudget">The budget of each candidate in the last round.</param>
    /// <param name="minSurvivors">The last round ranks at least so many candidates, if there are as many.</param>
    /// <param name="evaluate">The loss of a candidate with a budget. NaN and infinity count as the worst.</param>
    /// <returns>The candidates of the last round with their losses. Of equals the earlier comes first.</returns>
    public static IReadOnlyList<(T Candidate, double Loss)> Rank<T>(
        IReadOnlyList<T> candidates,
        int minBudget,
        int maxBudget,
        int minSurvivors,
        Func<T, int, double> evaluate
    )
    {
        var survivors = candidates;
        for (var budget = minBudget; budget < maxBudget && survivors.Count > minSurvivors; budget *= 2)
        {
            var count = Math.Max(minSurvivors, (survivors.Count + 1) / 2);
            survivors = [.. Evaluate(survivors, budget).Take(count).Select(result => result.Candidate)];
        }

        return [.. Evaluate(survivors, maxBudget)];

        IEnumerable<(T Candidate, double Loss)> Evaluate(IReadOnlyList<T> round, int budget) =>
            round
                .Select(candidate => (Candidate: candidate, Loss: evaluate(candidate, budget)))
                .OrderBy(result => double.IsFinite(result.Loss) ? result.Loss : double.PositiveInfinity);
    }

    /// <summary>The budget of all evaluations together.</summary>
    public static int Cost(int candidates, int minBudget, int maxBudget, int minSurvivors)
    {
        var cost = 0;
        Rank([.. Enumerable.Range(0, candidates)], minBudget, maxBudget, minSurvivors, (_, budget) => cost += budget);
        return cost;
    }
}
