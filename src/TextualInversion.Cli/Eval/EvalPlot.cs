using TextualInversion.Cli.Html;
using TextualInversion.Evaluation;

namespace TextualInversion.Cli.Eval;

/// <summary>
/// Image similarity against text similarity as SVG. Each row is a numbered point with its standard errors; the baseline
/// is 0.
/// </summary>
internal static class EvalPlot
{
    private static readonly PlotFrame Frame = new(480, 340, Left: 58, Right: 454, Top: 14, Bottom: 294);

    public static Markup Draw(EvaluationResult result)
    {
        var rows = result.Rows.Prepend(result.Baseline).ToList();
        double[] ceiling = result.Ceiling is { } highest ? [highest] : [];
        var across = Frame.Across([.. rows.SelectMany(row => Ends(row.ImageSimilarity)), .. ceiling]);
        var up = Frame.Up([.. rows.SelectMany(row => Ends(row.TextSimilarity)), result.Floor]);
        var content = Markup.Concat(
            Frame.ColumnGrid(across),
            Frame.ColumnLabels(across, across.Ticks),
            Frame.RowGrid(up),
            Markup.Concat(ceiling.Select(value => DrawCeiling(across.Place(value)))),
            DrawFloor(up.Place(result.Floor)),
            DrawAxisNames(),
            Markup.Concat(rows.Select((row, number) => DrawRow(number, row, result.Choice.Name, across, up)))
        );
        return Frame.Svg("plot", "image similarity against text similarity", content);
    }

    private static Markup DrawCeiling(double x) =>
        Markup.Of(
            $"""
            <path class="limit" d="M{x:F1} {Frame.Top}V{Frame.Bottom}"/>
            <text x="{x - 4:F1}" y="{Frame.Top + 12}" text-anchor="end">training images</text>

            """
        );

    private static Markup DrawFloor(double y) =>
        Markup.Of($"{Frame.Level(y)}<text x=\"{Frame.Left + 4}\" y=\"{y - 4:F1}\">prompts ignored</text>\n");

    private static Markup DrawAxisNames() =>
        Markup.Of(
            $"""
            <text x="{Frame.CenterX}" y="{Frame.Height - 8}" text-anchor="middle">image similarity →</text>
            <text transform="translate(12 {Frame.CenterY}) rotate(-90)" text-anchor="middle">text similarity →</text>

            """
        );

    private static Markup DrawRow(int number, EvaluationRow row, string? chosen, PlotAxis across, PlotAxis up)
    {
        var kind =
            number == 0 ? "baseline"
            : row.Name == chosen ? "chosen"
            : "other";
        var (image, text) = (row.ImageSimilarity, row.TextSimilarity);
        double x = across.Place(image.Mean),
            y = up.Place(text.Mean);
        double left = across.Place(image.Mean - image.StandardError),
            right = across.Place(image.Mean + image.StandardError),
            bottom = up.Place(text.Mean - text.StandardError),
            top = up.Place(text.Mean + text.StandardError);
        return Markup.Of(
            $"""
            <g class="{kind}"><path d="M{left:F1} {y:F1}H{right:F1}M{x:F1} {bottom:F1}V{top:F1}"/>
            <circle cx="{x:F1}" cy="{y:F1}" r="9"/><text x="{x:F1}" y="{y
                + 4:F1}" text-anchor="middle">{number}</text></g>

            """
        );
    }

    private static double[] Ends(Estimate estimate) =>
        [estimate.Mean - estimate.StandardError, estimate.Mean + estimate.StandardError];
}
