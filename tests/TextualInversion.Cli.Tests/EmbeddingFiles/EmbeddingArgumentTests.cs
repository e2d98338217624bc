using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Tests.EmbeddingFiles;

public sealed class EmbeddingArgumentTests
{
    private static string File => typeof(EmbeddingArgumentTests).Assembly.Location;

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

    [Theory]
    [InlineData("nan")]
    [InlineData("-inf")]
    [InlineData("1e400")]
    [InlineData("1e30")]
    [InlineData("-101")]
    public void Parse_StrengthThatNoModelSurvives_IsRefused(string strength) =>
        Assert.Contains(
            $"the strength is {strength}; ",
            Assert.Throws<UsageException>(() => EmbeddingArgument.Parse($"a.pt@{strength}")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Parse_WordBehindAFile_IsNoStrength() =>
        Assert.Contains(
            "the strength is strong; ",
            Assert.Throws<UsageException>(() => EmbeddingArgument.Parse($"{File}@strong")).Message,
            StringComparison.Ordinal
        );
}
