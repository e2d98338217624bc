using System.Globalization;
using TextualInversion.Cli.Generate;

namespace TextualInversion.Cli.Tests.Generate;

public sealed class GridAxisTests
{
    /// <summary>The Web UI's way to ask for any seed, as <c>--seed -1</c> is.</summary>
    [Fact]
    public void Parse_SeedMinusOne_IsRandom()
    {
        var values = GridAxis.Parse("seed=-1,-1,7", hasInit: false, hasEmbeddings: false).Values;
        Assert.All(values, value => Assert.True(ulong.TryParse(value, CultureInfo.InvariantCulture, out _)));
        Assert.NotEqual(values[0], values[1]);
        Assert.Equal("7", values[2]);
    }
}
