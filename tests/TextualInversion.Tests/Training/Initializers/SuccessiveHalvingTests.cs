using TextualInversion.Training.Initializers;

namespace TextualInversion.Tests.Training.Initializers;

public sealed class SuccessiveHalvingTests
{
    /// <summary>
    /// Eight candidates are judged by 4, four by 8, and the two that the last round ranks at least by all 20.
    /// </summary>
    [Fact]
    public void Rank_EightCandidates_HalvesThemAndDoublesWhatTheyAreJudgedBy()
    {
        var judged = new List<(char, int)>();

        var ranked = SuccessiveHalving.Rank(
            "hgfedcba".ToList(),
            minBudget: 4,
            maxBudget: 20,
            minSurvivors: 2,
            (candidate, much) =>
            {
                judged.Add((candidate, much));
                return candidate;
            }
        );

        Assert.Equal([('a', 97.0), ('b', 98.0)], ranked);
        Assert.Equal(
            [8, 4],
            judged.GroupBy(each => each.Item2).Where(round => round.Key < 20).Select(round => round.Count())
        );
        Assert.Equal([('b', 20), ('a', 20)], judged.Where(each => each.Item2 == 20).OrderDescending());
        Assert.Equal(judged.Sum(each => each.Item2), SuccessiveHalving.Cost(8, 4, 20, 2));
    }

    [Fact]
    public void Rank_FewCandidates_JudgesThemByAllAtOnce() =>
        Assert.Equal(
            [(2, 2.0), (5, 5.0)],
            SuccessiveHalving.Rank(
                [5, 2],
                minBudget: 4,
                maxBudget: 20,
                minSurvivors: 3,
                (candidate, much) => much == 20 ? candidate : throw new InvalidOperationException()
            )
        );

    [Fact]
    public void Rank_ScoresThatAreNoNumbers_ComeLast() =>
        Assert.Equal(
            [3, 1, 2],
            SuccessiveHalving
                .Rank(
                    [1, 2, 3],
                    minBudget: 1,
                    maxBudget: 1,
                    minSurvivors: 3,
                    (candidate, _) => candidate == 3 ? 7 : double.NaN
                )
                .Select(ranked => ranked.Candidate)
        );

    [Fact]
    public void Rank_Equals_KeepTheirOrder() =>
        Assert.Equal(
            [3, 1, 2],
            SuccessiveHalving
                .Rank([3, 1, 2], minBudget: 1, maxBudget: 2, minSurvivors: 3, (_, _) => 0)
                .Select(ranked => ranked.Candidate)
        );
}
