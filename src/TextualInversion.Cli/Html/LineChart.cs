using System.Globalization;

namespace TextualInversion.Cli.Html;

/// <summary>
/// Curves over the steps of a run as SVG, with title and legend, in a size whose text is readable on a phone.
/// </summary>
internal sealed record LineChart
{
    /// <summary>The stylesheet of the pages that show charts.</summary>
    public const string Style = "chart.css";

    private const double LabelHeight = 13;
    private const int MostPoints = 400,
        MostNames = 12;

    private static readonly PlotFrame Frame = new(400, 250, Left: 54, Right: 388, Top: 36, Bottom: 224);

    public required string Title { get; init; }

    public required IReadOnlyList<Curve> Curves { get; init; }

    /// <summary>Dashed horizontal lines.</summary>
    public IReadOnlyList<(string Name, double Y)> Levels { get; init; } = [];

    /// <summary>Dotted vertical lines.</summary>
    public IReadOnlyList<(string Name, double X)> Marks { get; init; } = [];

    /// <summary>Whether 0 is always visible.</summary>
    public bool HasZero { get; init; }

    /// <returns>Empty if there is nothing to draw.</returns>
    public Markup Draw()
    {
        var curves = Curves.Select(curve => curve.Thin(MostPoints)).Where(curve => curve.Points.Count > 0).ToList();
        if (curves.Count == 0)
            return Markup.Empty;
        var steps = curves.SelectMany(curve => curve.Points.Select(point => point.X));
        var across = Frame.Across(steps.Concat(Marks.Select(mark => mark.X)), room: 0.01);
        var up = Frame.Up([
            .. curves.SelectMany(curve => curve.TypicalValues()),
            .. Levels.Select(level => level.Y),
            .. HasZero ? [0.0] : Array.Empty<double>(),
        ]);
        var content = Markup.Concat(
            Frame.RowGrid(up),
            Frame.ColumnLabels(across, across.Ticks.Where(double.IsInteger)),
            Markup.Concat(curves.Select(curve => Draw(curve, across, up))),
            DrawLevels(up),
            DrawMarks(across)
        );
        return Markup.Of(
            $"""
            <figure><figcaption>{Title}<div class="legend">{Legend(curves)}</div></figcaption>
            {Frame.Svg("chart", Title, content)}</figure>

            """
        );
    }

    private static Markup Legend(IReadOnlyList<Curve> curves) =>
        Markup.Concat(
            curves
                .Where(curve => curve.Name is not null)
                .Take(MostNames)
                .Select(curve => Markup.Of($"<span><i style=\"background:{curve.CssColor}\"></i>{curve.Name}</span>"))
        );

    private static Markup Draw(Curve curve, PlotAxis across, PlotAxis up)
    {
        string Coordinates((double X, double Y) point)
        {
            var y = Math.Clamp(up.Place(point.Y), Frame.Top, Frame.Bottom);
            return string.Create(CultureInfo.InvariantCulture, $"{across.Place(point.X):F1} {y:F1}");
        }

        var kind = curve.IsFaint ? "line faint" : "line";
        var path = string.Join('L', curve.Points.Select(Coordinates));
        var line = Markup.Of($"<path class=\"{kind}\" stroke=\"{curve.CssColor}\" d=\"M{path}\"/>\n");
        return curve.HasDots || curve.Points.Count == 1 ? Markup.Concat(line, DrawDots(curve, across, up)) : line;
    }

    private static Markup DrawDots(Curve curve, PlotAxis across, PlotAxis up)
    {
        Markup Dot((double X, double Y) point)
        {
            double x = across.Place(point.X),
                y = up.Place(point.Y);
            var title = Markup.Of($"<title>step {point.X:F0}: {point.Y:G5}</title>");
            return Markup.Of(
                $"""
                <circle cx="{x:F1}" cy="{y:F1}" r="3" fill="{curve.CssColor}">{title}</circle>

                """
            );
        }

        return Markup.Concat(curve.Points.Select(Dot));
    }

    /// <summary>Names are above their lines; if two lines are close, the lower one's name is below it.</summary>
    private Markup DrawLevels(PlotAxis up)
    {
        var drawn = new List<Markup>();
        double? previous = null;
        foreach (var (name, value) in Levels.OrderByDescending(level => level.Y))
        {
            var y = up.Place(value);
            var isClose = previous is { } above && y - above < LabelHeight + 4;
            var label = isClose ? y + LabelHeight - 2 : y - 5;
            drawn.Add(Frame.Level(y));
            drawn.Add(
                Markup.Of($"<text x=\"{Frame.CenterX}\" y=\"{label:F1}\" text-anchor=\"middle\">{name}</text>\n")
            );
            previous = y;
        }

        return Markup.Concat(drawn);
    }

    /// <summary>Each name has a row of its own, on the side toward the center.</summary>
    private Markup DrawMarks(PlotAxis across)
    {
        Markup Mark(int index, string name, double value)
        {
            var x = across.Place(value);
            var y = Frame.Top - 8 - (Marks.Count - 1 - index) * LabelHeight;
            var (shift, anchor) = x > Frame.CenterX ? (-4, "end") : (4, "start");
            return Markup.Of(
                $"""
                <path class="mark" d="M{x:F1} {y - 9:F1}V{Frame.Bottom}"/>
                <text class="marked" x="{x + shift:F1}" y="{y:F1}" text-anchor="{anchor}">{name}</text>

                """
            );
        }

        return Markup.Concat(Marks.Select((mark, index) => Mark(index, mark.Name, mark.X)));
    }
}
