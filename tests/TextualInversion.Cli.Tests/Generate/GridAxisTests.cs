using System.Globalization;
using TextualInversion.Cli.Generate;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Tests.Generate;

public sealed class GridAxisTests
{
    /// <summary>The Web UI's way to ask for any seed, as <c>--seed -1</c> is.</summary>
    [Fact]
    public void Parse_SeedMinusOne_IsRandom()
    {
        var values = GridAxis
            .Parse("--grid-x", "seed=-1,-1,7", hasInit: false, hasEmbeddings: false, hasLoras: false)
            .Values;
        Assert.All(values, value => Assert.True(ulong.TryParse(value, CultureInfo.InvariantCulture, out _)));
        Assert.NotEqual(values[0], values[1]);
        Assert.Equal("7", values[2]);
    }

    [Theory]
    [InlineData("guidance=2,5,7,5", "has 5 twice")] // 2.5 and 7.5 with decimal commas
    [InlineData("guidance=", "no values")]
    [InlineData("colour=1,2", "no axis colour")]
    [InlineData("strength=0,1", "needs an embedding")]
    [InlineData("checkpoint=a.pt,b.pt", "needs an embedding")]
    public void Parse_Mistake_IsWrongUsage(string text, string expected)
    {
        var error = Assert.Throws<UsageException>(() =>
            GridAxis.Parse("--grid-y", text, hasInit: false, hasEmbeddings: false, hasLoras: false)
        );
        Assert.StartsWith($"--grid-y {text}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
