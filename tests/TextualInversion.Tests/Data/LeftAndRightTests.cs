using TextualInversion.Data;

namespace TextualInversion.Tests.Data;

public sealed class LeftAndRightTests
{
    [Theory]
    [InlineData("a {} with its head to the left", "left")]
    [InlineData("a {} looking Right, close-up", "Right")]
    [InlineData("a {} with the letters AB on it", "letters")]
    [InlineData("a {} with a street sign", "sign")]
    [InlineData("{}, logo", "logo")]
    [InlineData("a bright {}, textured, a signal, a design, leftovers, letterbox", null)]
    [InlineData("", null)]
    public void FindWord_Text_IsTheFirstWholeWord(string text, string? expected) =>
        Assert.Equal(expected, LeftAndRight.FindWord(["a photo", text]));

    [Fact]
    public void FindWord_BuiltInTemplates_HaveNone() =>
        Assert.Null(
            LeftAndRight.FindWord(
                PromptTemplates.For(LearnedProperty.Object).Concat(PromptTemplates.For(LearnedProperty.Style))
            )
        );
}
