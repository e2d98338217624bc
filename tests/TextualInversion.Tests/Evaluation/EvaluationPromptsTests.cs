using TextualInversion.Evaluation;

namespace TextualInversion.Tests.Evaluation;

public sealed class EvaluationPromptsTests
{
    [Theory]
    [InlineData("a photo of {} on a beach", "a photo of on a beach")]
    [InlineData("{} at night", "at night")]
    [InlineData("a painting of {}", "a painting of")]
    [InlineData("two {}s, not one {}", "two s, not one")]
    public void WithoutPlaceholder_AnyPlace_LeavesSingleSpaces(string template, string expected) =>
        Assert.Equal(expected, EvaluationPrompts.WithoutPlaceholder(template));

    [Theory]
    [InlineData(LearnedProperty.Object)]
    [InlineData(LearnedProperty.Style)]
    public void BuiltIn_EachProperty_HasOneSlot(LearnedProperty property) =>
        Assert.All(
            EvaluationPrompts.Edits(property).Append(EvaluationPrompts.Bare(property)),
            template => Assert.Equal(2, template.Split("{}").Length)
        );
}
