using TextualInversion.Cli.Html;

namespace TextualInversion.Cli.Tests.Html;

public sealed class CurveTests
{
    [Fact]
    public void Smooth_Window_AveragesTheLastPoints() =>
        Assert.Equal([(1, 3), (2, 5), (3, 7)], Curve.Smooth([(0, 2), (1, 4), (2, 6), (3, 8)], 2));

    [Fact]
    public void Smooth_FewerPointsThanTheWindow_AveragesAll() =>
        Assert.Equal([(1, 3)], Curve.Smooth([(0, 2), (1, 4)], 5));

    [Fact]
    public void Smooth_NoPoints_IsEmpty() => Assert.Empty(Curve.Smooth([], 5));

    [Fact]
    public void Thin_FewPoints_KeepsTheFiniteOnes() =>
        Assert.Equal([(0, 1), (2, 3)], new Curve("a", [(0, 1), (1, double.NaN), (2, 3)], 0).Thin(5).Points);

    [Fact]
    public void TypicalValues_FaintCurve_LeavesOutTheOutermost()
    {
        var points = Enumerable.Range(0, 100).Select(i => ((double)i, (double)i)).ToList();

        Assert.Equal(96, new Curve("a", points, 0, IsFaint: true).TypicalValues().Count());
        Assert.Equal(100, new Curve("a", points, 0).TypicalValues().Count());
    }

    [Fact]
    public void CssColor_NinthColor_IsTheFirstAgain() =>
        Assert.Equal(new Curve("a", [], 0).CssColor, new Curve("a", [], 8).CssColor);
}
