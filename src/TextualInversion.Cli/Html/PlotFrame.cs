namespace TextualInversion.Cli.Html;

/// <summary>
/// The rectangle of a plot inside its SVG, with grid and ticks. Lengths are units of the SVG, from the top left corner.
/// </summary>
/// <param name="Width">The width of the SVG.</param>
/// <param name="Height">The height of the SVG.</param>
/// <param name="Left">The left side of the plot.</param>
/// <param name="Right">The right side of the plot.</param>
/// <param name="Top">The upper side of the plot.</param>
/// <param name="Bottom">The lower side of the plot.</param>
internal sealed record PlotFrame(double Width, double Height, double Left, double Right, double Top, double Bottom)
{
    private const double RowLabelGap = 6,
        ColumnLabelGap = 16,
        HalfLetter = 4;

    public double CenterX => (Left + Right) / 2;

    public double CenterY => (Top + Bottom) / 2;

    /// <summary>The axis from left to right.</summary>
    public PlotAxis Across(IEnumerable<double> values, double room = PlotAxis.StandardRoom) =>
        new(values, Left, Right, room);

    /// <summary>The axis from bottom to top.</summary>
    public PlotAxis Up(IEnumerable<double> values) => new(values, Bottom, Top);

    /// <summary>Horizontal lines with their values on the left.</summary>
    public Markup RowGrid(PlotAxis up)
    {
        Markup Tick(double value)
        {
            var y = up.Place(value);
            return Markup.Of(
                $"""
                <path class="grid" d="M{Left} {y:F1}H{Right}"/>
                <text x="{Left - RowLabelGap}" y="{y + HalfLetter:F1}" text-anchor="end">{up.Label(value)}</text>

                """
            );
        }

        return Markup.Concat(up.Ticks.Select(Tick));
    }

    /// <summary>Vertical lines.</summary>
    public Markup ColumnGrid(PlotAxis across) =>
        Markup.Concat(
            across.Ticks.Select(value =>
                Markup.Of($"<path class=\"grid\" d=\"M{across.Place(value):F1} {Top}V{Bottom}\"/>\n")
            )
        );

    /// <summary>Values below the plot.</summary>
    public Markup ColumnLabels(PlotAxis across, IEnumerable<double> values)
    {
        Markup Label(double value) =>
            Markup.Of(
                $"""
                <text x="{across.Place(value):F1}" y="{Bottom + ColumnLabelGap}" text-anchor="middle">{across.Label(
                    value
                )}</text>

                """
            );

        return Markup.Concat(values.Select(Label));
    }

    /// <summary>A dashed line from left to right.</summary>
    public Markup Level(double y) => Markup.Of($"<path class=\"limit\" d=\"M{Left} {y:F1}H{Right}\"/>\n");

    /// <summary>The plot as an SVG.</summary>
    /// <param name="kind">Its CSS class.</param>
    /// <param name="label">What it shows, for those who cannot see it.</param>
    /// <param name="content">What is drawn.</param>
    public Markup Svg(string kind, string label, Markup content) =>
        Markup.Of(
            $"""
            <svg class="{kind}" viewBox="0 0 {Width} {Height}" role="img" aria-label="{label}">
            {content}</svg>
            """
        );
}
