using System.Globalization;
using System.Text;

namespace TextualInversion.Cli.Html;

/// <summary>A line of a chart.</summary>
/// <param name="Name">for the legend; null for none</param>
/// <param name="Points">from left to right; those that are not finite are left out</param>
/// <param name="Colour">a number; colours repeat</param>
/// <param name="IsFaint">for what lies behind something that is easier to read</param>
/// <param name="HasDots">whether each point shows, and its value where one points at it</param>
internal sealed record Curve(
    string? Name,
    IReadOnlyList<(double X, double Y)> Points,
    int Colour,
    bool IsFaint = false,
    bool HasDots = false
);

/// <summary>Curves over the steps of a run, as SVG of a size at which its text is readable on a phone; with its title and legend.</summary>
internal sealed record LineChart
{
    private const double Width = 400,
        Height = 250,
        Left = 54,
        Right = 12,
        Top = 36,
        Bottom = 26;
    private const double LabelHeight = 13;
    private const int MostPoints = 400,
        MostNames = 12;

    /// <summary>How it is styled; part of the page that shows it.</summary>
    public const string Style = """
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20.5rem, 100%), 1fr)); gap: 1rem; } figure { margin: 0; padding: .8rem .8rem .5rem; border-radius: 10px; background: var(--card); }
        figcaption { font-weight: 600; font-size: .95rem; } .legend { display: flex; flex-wrap: wrap; gap: 0 .9rem; font-weight: 400; font-size: .8rem; color: var(--soft); min-height: 1.2rem; } .legend i { display: inline-block; width: .9rem; height: 3px; border-radius: 2px; margin-right: .35rem; vertical-align: middle; }
        .chart text { font-size: 11px; paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; } .chart .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; } .chart .faint { stroke-width: 1; opacity: .3; } .chart .mark { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 2 3; } .chart .marked { fill: var(--ink); }
        """;

    public required string Title { get; init; }

    public required IReadOnlyList<Curve> Curves { get; init; }

    /// <summary>Dashed lines from left to right.</summary>
    public IReadOnlyList<(string Name, double Y)> Levels { get; init; } = [];

    /// <summary>Dotted lines from top to bottom.</summary>
    public IReadOnlyList<(string Name, double X)> Marks { get; init; } = [];

    /// <summary>Whether 0 is always seen.</summary>
    public bool HasZero { get; init; }

    /// <returns>HTML; empty where there is nothing to draw</returns>
    public string Draw()
    {
        var curves = Curves
            .Select(curve => curve with { Points = Thin([.. curve.Points.Where(point => double.IsFinite(point.Y))]) })
            .Where(curve => curve.Points.Count > 0)
            .ToList();
        if (curves.Count == 0)
            return "";
        var across = new PlotAxis(
            curves.SelectMany(curve => curve.Points.Select(point => point.X)).Concat(Marks.Select(mark => mark.X)),
            Left,
            Width - Right,
            room: 0.01
        );
        var up = new PlotAxis(
            [
                .. curves.SelectMany(Typical),
                .. Levels.Select(level => level.Y),
                .. HasZero ? [0.0] : Array.Empty<double>(),
            ],
            Height - Bottom,
            Top
        );
        var svg = new StringBuilder();
        DrawGrid(svg, across, up);
        foreach (var curve in curves)
            DrawCurve(svg, curve, across, up);
        DrawLevels(svg, up);
        DrawMarks(svg, across);
        var names = curves
            .Where(curve => curve.Name is not null)
            .Take(MostNames)
            .Select(curve =>
                $"<span><i style=\"background:var(--s{curve.Colour % 8})\"></i>{HtmlPage.Text(curve.Name)}</span>"
            );
        return $"<figure><figcaption>{HtmlPage.Text(Title)}<div class=\"legend\">{string.Concat(names)}</div></figcaption><svg class=\"chart\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{HtmlPage.Text(Title)}\">\n{svg}</svg></figure>\n";
    }

    /// <summary>Means over a window that ends at each point, from the first whole one on: a single step's loss says next to nothing.</summary>
    public static IReadOnlyList<(double X, double Y)> Smooth(IReadOnlyList<(double X, double Y)> points, int window)
    {
        var smooth = new List<(double X, double Y)>();
        var sum = 0.0;
        for (var i = 0; i < points.Count; i++)
        {
            sum += points[i].Y;
            if (i >= window)
                sum -= points[i - window].Y;
            if (i + 1 >= Math.Min(window, points.Count))
                smooth.Add((points[i].X, sum / Math.Min(i + 1, window)));
        }

        return smooth;
    }

    /// <summary>What has to be seen of a curve: of a faint one, whose outliers would flatten everything else, all but the outermost.</summary>
    private static IEnumerable<double> Typical(Curve curve)
    {
        var values = curve.Points.Select(point => point.Y).Order().ToList();
        var rare = curve.IsFaint ? values.Count / 50 : 0;
        return values.Skip(rare).SkipLast(rare);
    }

    private static void Add(StringBuilder svg, FormattableString text) =>
        svg.AppendLine(text.ToString(CultureInfo.InvariantCulture));

    private static void DrawGrid(StringBuilder svg, PlotAxis across, PlotAxis up)
    {
        foreach (var y in up.Ticks)
            Add(
                svg,
                $"<path class=\"grid\" d=\"M{Left} {up.Place(y):F1}H{Width - Right}\"/><text x=\"{Left - 6}\" y=\"{up.Place(y) + 4:F1}\" text-anchor=\"end\">{up.Label(y)}</text>"
            );
        foreach (var x in across.Ticks.Where(double.IsInteger))
            Add(
                svg,
                $"<text x=\"{across.Place(x):F1}\" y=\"{Height - 8}\" text-anchor=\"middle\">{across.Label(x)}</text>"
            );
    }

    private static void DrawCurve(StringBuilder svg, Curve curve, PlotAxis across, PlotAxis up)
    {
        var colour = $"var(--s{curve.Colour % 8})";
        var path = string.Join(
            'L',
            curve.Points.Select(point =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{across.Place(point.X):F1} {Math.Clamp(up.Place(point.Y), Top, Height - Bottom):F1}"
                )
            )
        );
        Add(svg, $"<path class=\"line{(curve.IsFaint ? " faint" : "")}\" stroke=\"{colour}\" d=\"M{path}\"/>");
        if (!curve.HasDots && curve.Points.Count > 1)
            return;
        foreach (var (x, y) in curve.Points)
            Add(
                svg,
                $"<circle cx=\"{across.Place(x):F1}\" cy=\"{up.Place(y):F1}\" r=\"3\" fill=\"{colour}\"><title>step {x:F0}: {y:G5}</title></circle>"
            );
    }

    /// <summary>Where two are near each other, one's name is above and the other's below.</summary>
    private void DrawLevels(StringBuilder svg, PlotAxis up)
    {
        double? former = null;
        foreach (var (name, y) in Levels.OrderByDescending(level => level.Y))
        {
            var place = up.Place(y);
            var label = former is { } above && place - above < LabelHeight + 4 ? place + LabelHeight - 2 : place - 5;
            Add(
                svg,
                $"<path class=\"limit\" d=\"M{Left} {place:F1}H{Width - Right}\"/><text x=\"{(Left + Width - Right) / 2}\" y=\"{label:F1}\" text-anchor=\"middle\">{HtmlPage.Text(name)}</text>"
            );
            former = place;
        }
    }

    /// <summary>Each name is in a row of its own, towards the middle.</summary>
    private void DrawMarks(StringBuilder svg, PlotAxis across)
    {
        foreach (var (index, (name, x)) in Marks.Index())
        {
            var (place, row) = (across.Place(x), Top - 8 - (Marks.Count - 1 - index) * LabelHeight);
            var isRight = place > (Left + Width - Right) / 2;
            Add(
                svg,
                $"<path class=\"mark\" d=\"M{place:F1} {row - 9:F1}V{Height - Bottom}\"/><text class=\"marked\" x=\"{place + (isRight ? -4 : 4):F1}\" y=\"{row:F1}\" text-anchor=\"{(isRight ? "end" : "start")}\">{HtmlPage.Text(name)}</text>"
            );
        }
    }

    /// <summary>As many points as can be told apart, the first and the last among them.</summary>
    private static IReadOnlyList<(double X, double Y)> Thin(IReadOnlyList<(double X, double Y)> points) =>
        points.Count <= MostPoints
            ? points
            :
            [
                .. Enumerable
                    .Range(0, MostPoints)
                    .Select(i => points[(int)((long)i * (points.Count - 1) / (MostPoints - 1))]),
            ];
}
