using System.Xml.Linq;
using TextualInversion.Cli.Html;

namespace TextualInversion.Cli.Tests.Html;

public sealed class LineChartTests
{
    [Fact]
    public void Draw_NothingToDraw_IsEmpty() =>
        Assert.True(
            new LineChart { Title = "loss", Curves = [new Curve("a", [], 0), new Curve("b", [(1, double.NaN)], 1)] }
                .Draw()
                .IsEmpty
        );

    [Fact]
    public void Draw_CurveLevelAndMark_AreThere()
    {
        var chart = Parse(
            new LineChart
            {
                Title = "loss",
                Curves = [new Curve("train & test", [(0, 1), (1, 2), (2, 3)], 0)],
                Levels = [("<start>", 2)],
                Marks = [("best", 1)],
            }
        );

        Assert.Equal(3, Path(chart, "line").Split('L').Length);
        Assert.Contains(chart.Descendants("text"), text => text.Value == "<start>");
        Assert.Contains(chart.Descendants("text"), text => text.Value == "best");
        Assert.Contains(chart.Descendants("span"), name => name.Value == "train & test");
    }

    [Fact]
    public void Draw_PointsThatAreNotFinite_AreLeftOut() =>
        Assert.Equal(
            2,
            Path(
                    Parse(
                        new LineChart
                        {
                            Title = "loss",
                            Curves = [new Curve("a", [(0, 1), (1, double.NaN), (2, 3)], 0)],
                        }
                    ),
                    "line"
                )
                .Split('L')
                .Length
        );

    [Fact]
    public void Draw_OnePoint_IsADot() =>
        Assert.Single(
            Parse(new LineChart { Title = "loss", Curves = [new Curve("a", [(3, 1)], 0)] }).Descendants("circle")
        );

    [Fact]
    public void Draw_ManyPoints_KeepsFirstAndLast()
    {
        var points = Path(
                Parse(
                    new LineChart
                    {
                        Title = "loss",
                        Curves =
                        [
                            new Curve("a", [.. Enumerable.Range(0, 100_000).Select(i => ((double)i, (double)i))], 0),
                        ],
                    }
                ),
                "line"
            )
            .Split('L');

        Assert.Equal(400, points.Length);
        Assert.True(Number(points[0]) < 60 && Number(points[^1]) > 380);
        static double Number(string point) =>
            double.Parse(point.TrimStart('M').Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Draw_OutliersOfAFaintCurve_StayInside()
    {
        List<(double X, double Y)> points =
        [
            .. Enumerable.Range(0, 100).Select(i => ((double)i, i == 50 ? 1000.0 : i % 3)),
        ];
        var places = Path(
                Parse(new LineChart { Title = "loss", Curves = [new Curve("a", points, 0, IsFaint: true)] }),
                "line faint"
            )
            .TrimStart('M')
            .Split('L')
            .Select(point => double.Parse(point.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture))
            .ToList();

        Assert.True(places.Max() - places.Where((_, index) => index != 50).Min() > 100, "the rest is flat");
        Assert.All(places, place => Assert.InRange(place, 0, 250));
    }

    private static XElement Parse(LineChart chart) => XElement.Parse(chart.Draw().ToString());

    private static string Path(XElement chart, string kind) =>
        chart.Descendants("path").Single(path => (string?)path.Attribute("class") == kind).Attribute("d")!.Value;
}
