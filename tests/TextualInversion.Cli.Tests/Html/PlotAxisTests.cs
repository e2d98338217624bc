using TextualInversion.Cli.Html;

namespace TextualInversion.Cli.Tests.Html;

public sealed class PlotAxisTests
{
    [Fact]
    public void Place_Ends_AreAtTheEndsWithoutRoom()
    {
        var axis = new PlotAxis([2, 4], 100, 0, room: 0);

        Assert.Equal([100, 50, 0], new[] { 2.0, 3, 4 }.Select(axis.Place));
    }

    [Theory]
    [InlineData(0, 300, "0 100 200 300")]
    [InlineData(0.0424, 0.0521, "0.044 0.046 0.048 0.050 0.052")]
    [InlineData(-1, 1, "-1.0 -0.5 0.0 0.5 1.0")]
    [InlineData(0, 7, "0 2 4 6")]
    [InlineData(0, 5000, "0 1,000 2,000 3,000 4,000 5,000")]
    [InlineData(0, 1e9, "0 2E+08 4E+08 6E+08 8E+08 1E+09")]
    public void Ticks_Range_AreRound(double low, double high, string expected)
    {
        var axis = new PlotAxis([low, high], 0, 1, room: 0);

        Assert.Equal(expected, string.Join(' ', axis.Ticks.Select(axis.Label)));
    }

    [Theory]
    [InlineData(5.0)]
    [InlineData(0.0)]
    public void Place_OneValue_IsInTheMiddle(double value) =>
        Assert.Equal(0.5, new PlotAxis([value], 0, 1).Place(value), 6);

    [Fact]
    public void Place_ValuesThatAreNotFinite_DoNotCount() =>
        Assert.Equal(1, new PlotAxis([0, double.NaN, double.PositiveInfinity, 2], 0, 1, room: 0).Place(2), 6);

    [Fact]
    public void Place_NoValues_IsFinite() => Assert.True(double.IsFinite(new PlotAxis([], 0, 1).Place(0)));
}
