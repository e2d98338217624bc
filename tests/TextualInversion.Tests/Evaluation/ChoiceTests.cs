using TextualInversion.Evaluation;

namespace TextualInversion.Tests.Evaluation;

public sealed class ChoiceTests
{
    private const double Ceiling = 0.9,
        Floor = 0.1;
    private static readonly EvaluationRow Baseline = Row("\"cat\"", 0.5, 0.3, gainError: 0);

    [Fact]
    public void Of_MostSimilarIgnoresPrompts_ChoosesTheBalancedOneAndSaysWhy()
    {
        var choice = Choose(Row("early", 0.6, 0.3), Row("middle", 0.8, 0.26), Row("late", 0.88, 0.12));

        Assert.Equal("middle", choice.Name);
        Assert.Contains("75 %", choice.Reason);
        Assert.Contains("late has more image similarity (95 %) but only 10 % of the text similarity", choice.Reason);
    }

    [Fact]
    public void Of_GainWithinChance_ChoosesNone()
    {
        var choice = Choose(Row("a", 0.54, 0.3, gainError: 0.03), Row("b", 0.4, 0.3));

        Assert.Null(choice.Name);
        Assert.Contains("than \"cat\" by two standard errors", choice.Reason);
    }

    [Fact]
    public void Of_PromptsIgnored_ChoosesNone()
    {
        var choice = Choose(Row("a", 0.9, 0.05));

        Assert.Null(choice.Name);
        Assert.Contains("fewer steps", choice.Reason);
    }

    [Fact]
    public void Of_EqualOnes_ChoosesTheFirst() =>
        Assert.Equal("a", Choose(Row("a", 0.7, 0.25), Row("b", 0.7, 0.25)).Name);

    [Fact]
    public void Of_ModelThatIgnoresPrompts_GoesByImageSimilarity() =>
        Assert.Equal(
            "b",
            Choice.Of([Row("a", 0.7, 0.05), Row("b", 0.8, 0.04)], Row("\"cat\"", 0.5, 0.1, 0), Ceiling, floor: 0.1).Name
        );

    [Fact]
    public void Of_OneTrainingImage_HasOneAsItsCeiling() =>
        Assert.Contains("40 %", Choice.Of([Row("a", 0.7, 0.3)], Baseline, ceiling: null, Floor).Reason);

    private static Choice Choose(params EvaluationRow[] rows) => Choice.Of(rows, Baseline, Ceiling, Floor);

    private static EvaluationRow Row(
        string name,
        double imageSimilarity,
        double textSimilarity,
        double gainError = 0.01
    ) =>
        new(
            name,
            new Estimate(imageSimilarity, 0),
            new Estimate(textSimilarity, 0),
            new Estimate(imageSimilarity - 0.5, gainError),
            new Estimate(textSimilarity - 0.3, 0),
            [],
            []
        );
}
