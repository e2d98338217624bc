using System.Text;
using TextualInversion.Cli.Html;
using TextualInversion.Data;
using TextualInversion.Evaluation;

namespace TextualInversion.Cli.Eval;

/// <summary>The scores as one HTML page that needs nothing else: no network, no other file.</summary>
/// <param name="result">the scores</param>
/// <param name="given">the given images</param>
/// <param name="settings">how the images were painted, for people</param>
internal sealed class EvalReport(EvaluationResult result, IReadOnlyList<RgbImage> given, string settings)
{
    private const int ThumbnailPixels = 128;

    private const string Style = """
        .top { display: grid; gap: 1.5rem; } th, td { white-space: nowrap; } td:nth-child(2) { white-space: normal; overflow-wrap: anywhere; min-width: 6rem; }
        svg { max-width: 40rem; } svg text { font-size: 12px; } svg g path { stroke: var(--dot); stroke-width: 1.5; fill: none; }
        svg g circle { fill: var(--dot); } svg g text { fill: #fff; font-weight: 600; } svg .chosen circle { fill: var(--accent); } svg .chosen path { stroke: var(--accent); }
        svg .baseline circle { fill: var(--paper); stroke: var(--dot); stroke-width: 2; } svg .baseline text { fill: var(--ink); }
        .strip { display: flex; flex-wrap: wrap; gap: 4px; } .strip img { width: 84px; height: 84px; object-fit: cover; border-radius: 3px; }
        @media (min-width: 60rem) { .top { grid-template-columns: 1fr 1fr; align-items: start; } .sheet { display: grid; grid-template-columns: 12rem 1fr; gap: 1.5rem; } }
        """;

    private readonly List<string> thumbnails = [.. given.Select(image => Thumbnail.DataUri(image, ThumbnailPixels))];
    private readonly StringBuilder page = new();

    public string Write()
    {
        page.Append(
            $"<h1>ImageSimilarity and obedience</h1>\n<p class=\"soft\">{Html(settings)}</p>\n<p class=\"keep\"><strong>Keep {Html(result.Choice.Name ?? "none")}</strong>: {Html(result.Choice.Reason)}.</p>\n"
        );
        page.Append($"<div class=\"top\"><div>{EvalPlot.Draw(result)}</div><div class=\"scroll\">");
        WriteTable();
        page.Append("</div></div>\n");
        foreach (var (number, row) in result.Rows.Prepend(result.Baseline).Index().OrderBy(item => item.Index == 0))
            WriteSheet(number, row);
        return HtmlPage.Write("ti eval", Style, page.ToString());
    }

    private void WriteTable()
    {
        page.Append(
            "<table><thead><tr><th></th><th></th><th>likeness</th><th>obedience</th><th>signs</th></tr></thead><tbody>\n"
        );
        foreach (var (number, row) in result.Rows.Prepend(result.Baseline).Index())
            page.Append(
                $"<tr><td>{number}</td><td>{Html(row.Name)}</td><td>{EvalTable.Text(row.ImageSimilarity)}</td><td>{EvalTable.Text(row.TextSimilarity)}</td><td class=\"warn\">{(row.Signs.Count == 0 ? "" : row.Signs.Count)}</td></tr>\n"
            );
        if (result.Ceiling is { } ceiling)
            page.Append(
                System.Globalization.CultureInfo.InvariantCulture,
                $"<tr><td></td><td>given images, two by two</td><td>{ceiling:F4}</td><td></td><td></td></tr>\n"
            );
        page.Append("</tbody></table>");
    }

    private void WriteSheet(int number, EvaluationRow row)
    {
        var over =
            number == 0
                ? ""
                : $", over {result.Baseline.Name} {EvalTable.Signed(row.LikenessGain)} likeness and {EvalTable.Signed(row.ObedienceGain)} textSimilarity";
        page.Append(
            $"<h2>{number} · {Html(row.Name)}</h2>\n<p class=\"soft\">likeness {EvalTable.Text(row.ImageSimilarity)}, obedience {EvalTable.Text(row.TextSimilarity)}{Html(over)}</p>\n"
        );
        foreach (var sign in row.Signs)
            page.Append($"<p class=\"warn\">{Html(sign.Text)}</p>\n");
        page.Append("<div class=\"sheet\"><div><h3>given images</h3>");
        WriteStrip(thumbnails.Select((source, index) => (source, $"given image {index + 1}")));
        page.Append("</div><div>");
        foreach (var prompt in row.Images.GroupBy(image => image.Prompt))
        {
            page.Append($"<h3>{Html(prompt.Key)}</h3>");
            WriteStrip(
                prompt.Select(image =>
                    (Thumbnail.DataUri(ImageDecoder.Decode(image.Path), ThumbnailPixels), $"seed {image.Seed}")
                )
            );
        }

        page.Append("</div></div>\n");
    }

    private void WriteStrip(IEnumerable<(string Source, string Alternative)> images)
    {
        page.Append("<div class=\"strip\">");
        foreach (var (source, alternative) in images)
            page.Append($"<img src=\"{source}\" alt=\"{alternative}\" title=\"{alternative}\">");
        page.Append("</div>\n");
    }

    private static string Html(string text) => HtmlPage.Text(text);
}
