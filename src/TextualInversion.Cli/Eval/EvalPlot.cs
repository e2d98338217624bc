using System.Globalization;
using System.Text;
using TextualInversion.Cli.Html;
using TextualInversion.Evaluation;

namespace TextualInversion.Cli.Eval;

/// <summary>ImageSimilarity against obedience as SVG: each row a numbered point with its standard errors, the baseline as 0.</summary>
internal static class EvalPlot
{
    private const double Width = 480,
        Height = 340,
        Left = 58,
        Right = 26,
        Top = 14,
        Bottom = 46;

    public static string Draw(EvaluationResult result)
    {
        var rows = result.Rows.Prepend(result.Baseline).ToList();
        var across = new PlotAxis(
            [
                .. rows.SelectMany(row => Ends(row.ImageSimilarity)),
                .. result.Ceiling is { } limit ? [limit] : Array.Empty<double>(),
            ],
            Left,
            Width - Right
        );
        var up = new PlotAxis(
            [.. rows.SelectMany(row => Ends(row.TextSimilarity)), result.Floor],
            Height - Bottom,
            Top
        );
        var svg = new StringBuilder();
        void Add(FormattableString text) => svg.AppendLine(text.ToString(CultureInfo.InvariantCulture));
        Add($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"likeness against obedience\">");
        foreach (var x in across.Ticks)
            Add(
                $"<path class=\"grid\" d=\"M{across.Place(x):F1} {Top}V{Height - Bottom}\"/><text x=\"{across.Place(x):F1}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{across.Label(x)}</text>"
            );
        foreach (var y in up.Ticks)
            Add(
                $"<path class=\"grid\" d=\"M{Left} {up.Place(y):F1}H{Width - Right}\"/><text x=\"{Left - 6}\" y=\"{up.Place(y) + 4:F1}\" text-anchor=\"end\">{up.Label(y)}</text>"
            );
        if (result.Ceiling is { } ceiling)
            Add(
                $"<path class=\"limit\" d=\"M{across.Place(ceiling):F1} {Top}V{Height - Bottom}\"/><text x=\"{across.Place(ceiling) - 4:F1}\" y=\"{Top + 12}\" text-anchor=\"end\">given images</text>"
            );
        Add(
            $"<path class=\"limit\" d=\"M{Left} {up.Place(result.Floor):F1}H{Width - Right}\"/><text x=\"{Left + 4}\" y=\"{up.Place(result.Floor) - 4:F1}\">prompts ignored</text>"
        );
        Add(
            $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 8}\" text-anchor=\"middle\">likeness →</text><text transform=\"translate(12 {(Top + Height - Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">obedience →</text>"
        );
        foreach (var (number, row) in rows.Index())
        {
            double x = across.Place(row.ImageSimilarity.Mean),
                y = up.Place(row.TextSimilarity.Mean);
            var kind =
                number == 0 ? "baseline"
                : row.Name == result.Choice.Name ? "chosen"
                : "row";
            Add(
                $"<g class=\"{kind}\"><path d=\"M{across.Place(row.ImageSimilarity.Mean - row.ImageSimilarity.StandardError):F1} {y:F1}H{across.Place(row.ImageSimilarity.Mean + row.ImageSimilarity.StandardError):F1}M{x:F1} {up.Place(row.TextSimilarity.Mean - row.TextSimilarity.StandardError):F1}V{up.Place(row.TextSimilarity.Mean + row.TextSimilarity.StandardError):F1}\"/>"
            );
            Add(
                $"<circle cx=\"{x:F1}\" cy=\"{y:F1}\" r=\"9\"/><text x=\"{x:F1}\" y=\"{y + 4:F1}\" text-anchor=\"middle\">{number}</text></g>"
            );
        }

        return svg.Append("</svg>").ToString();
    }

    private static double[] Ends(Estimate estimate) =>
        [estimate.Mean - estimate.StandardError, estimate.Mean + estimate.StandardError];
}
