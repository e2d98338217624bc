namespace TextualInversion.Cli.Html;

/// <summary>A line of a chart.</summary>
/// <param name="Name">The name in the legend; null for none.</param>
/// <param name="Points">The points from left to right. Those that are not finite are left out.</param>
/// <param name="Color">The number of the color. There are eight; then they repeat.</param>
/// <param name="IsFaint">Whether it stays in the background.</param>
/// <param name="HasDots">Whether each point is a dot that shows its value on hover.</param>
internal sealed record Curve(
    string? Name,
    IReadOnlyList<(double X, double Y)> Points,
    int Color,
    bool IsFaint = false,
    bool HasDots = false
)
{
    private const int ColorCount = 8;

    /// <summary>The CSS value of the color.</summary>
    public string CssColor => ColorOf(Color);

    /// <summary>The CSS value of a color's number.</summary>
    public static string ColorOf(int number) => $"var(--s{number % ColorCount})";

    /// <summary>
    /// The values that must be visible. Of a faint curve, the outermost 2 % at each end are left out: they would
    /// flatten everything else.
    /// </summary>
    public IEnumerable<double> TypicalValues()
    {
        var values = Points.Select(point => point.Y).Order().ToList();
        var rare = IsFaint ? values.Count / 50 : 0;
        return values.Skip(rare).SkipLast(rare);
    }

    /// <summary>The finite points, at most <paramref name="most"/>, with the first and the last.</summary>
    public Curve Thin(int most)
    {
        var finite = Points.Where(point => double.IsFinite(point.Y)).ToList();
        return this with
        {
            Points =
                finite.Count <= most
                    ? finite
                    :
                    [
                        .. Enumerable
                            .Range(0, most)
                            .Select(i => finite[(int)((long)i * (finite.Count - 1) / (most - 1))]),
                    ],
        };
    }

    /// <summary>Moving averages over a window that ends at each point; single-step values are too noisy.</summary>
    /// <param name="points">At least one.</param>
    /// <param name="window">How many points. If there are fewer, the average of all is the only point.</param>
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
}
