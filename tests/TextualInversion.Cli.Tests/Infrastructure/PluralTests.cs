using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Tests.Infrastructure;

public sealed class PluralTests
{
    [Theory]
    [InlineData(0, "0 images")]
    [InlineData(1, "1 image")]
    [InlineData(2, "2 images")]
    public void Of_Number_FitsTheNoun(long number, string expected) =>
        Assert.Equal(expected, Plural.Of(number, "image"));

    [Fact]
    public void Of_IrregularNoun_IsTakenAsGiven() => Assert.Equal("2 entries", Plural.Of(2, "entry", "entries"));
}
