using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Tests.EmbeddingFiles;

public sealed class EmbeddingArgumentTests
{
    [Theory]
    [InlineData("a.pt", "a.pt", null, 1)]
    [InlineData("a.pt@0.5", "a.pt", null, 0.5)]
    [InlineData("a.pt=x@-1", "a.pt", "x", -1)]
    [InlineData("a.pt=x@y", "a.pt", "x@y", 1)]
    [InlineData("me@home/a.pt", "me@home/a.pt", null, 1)]
    public void Parse_FileTriggerAndStrength_AreRead(string text, string path, string? trigger, double strength) =>
        Assert.Equal(new EmbeddingArgument(path, trigger, strength), EmbeddingArgument.Parse(text));

    [Fact]
    public void Parse_DecimalComma_NamesTheRightForm() =>
        Assert.Contains(
            "write 0.5",
            Assert.Throws<UsageException>(() => EmbeddingArgument.Parse("a.pt@0,5")).Message,
            StringComparison.Ordinal
        );
}
