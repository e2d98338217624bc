using System.Xml.Linq;
using TextualInversion.Cli.Html;

namespace TextualInversion.Cli.Tests.Html;

public sealed class PlotFrameTests
{
    private static readonly PlotFrame Frame = new(100, 80, Left: 10, Right: 90, Top: 5, Bottom: 65);

    [Fact]
    public void Across_Values_GoFromLeftToRight()
    {
        var axis = Frame.Across([0, 4], room: 0);

        Assert.Equal((10, 90), (axis.Place(0), axis.Place(4)));
    }

    [Fact]
    public void Up_Values_GoFromBottomToTop()
    {
        var axis = Frame.Up([0, 4]);

        Assert.InRange(axis.Place(0), axis.Place(4), 65);
        Assert.InRange(axis.Place(4), 5, axis.Place(0));
    }

    [Fact]
    public void RowGrid_EachTick_HasALineAndItsValue()
    {
        var axis = Frame.Up([0, 4]);

        var svg = Parse(Frame.RowGrid(axis));

        Assert.Equal(axis.Ticks.Count, svg.Elements("path").Count());
        Assert.Equal(axis.Ticks.Select(axis.Label), svg.Elements("text").Select(text => text.Value));
    }

    [Fact]
    public void Svg_Label_IsEscaped()
    {
        var svg = XElement.Parse(Frame.Svg("chart", "a < b", Markup.Empty).ToString());

        Assert.Equal("a < b", (string?)svg.Attribute("aria-label"));
        Assert.Equal("0 0 100 80", (string?)svg.Attribute("viewBox"));
    }

    private static XElement Parse(Markup content) => XElement.Parse(Frame.Svg("plot", "plot", content).ToString());
}
