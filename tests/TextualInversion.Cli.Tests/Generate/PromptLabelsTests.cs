using TextualInversion.Cli.Generate;

namespace TextualInversion.Cli.Tests.Generate;

public sealed class PromptLabelsTests
{
    [Theory]
    [InlineData("a cat|a dog", "… cat|… dog")]
    [InlineData("a photo of a cat on a beach|a photo of a cat in snow", "… on a beach|… in snow")]
    [InlineData("cat photo|dog photo", "cat|dog")]
    [InlineData("a cat|a cat at night", "a cat|… at night")]
    [InlineData("x|an elephant that is much too long for a label", "x|an elephant that is much too lo…")]
    public void Of_Prompts_ShowsWhatDiffers(string prompts, string expected) =>
        Assert.Equal(expected.Split('|'), PromptLabels.Of(prompts.Split('|')));
}
