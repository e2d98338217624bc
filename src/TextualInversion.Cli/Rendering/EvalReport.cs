using System.Net;
using System.Text;
using TextualInversion.Data;
using TextualInversion.Evaluation;

namespace TextualInversion.Cli.Rendering;

/// <summary>The scores as one HTML page that needs nothing else: no network, no other file.</summary>
/// <param name="result">the scores</param>
/// <param name="given">the given pictures</param>
/// <param name="settings">how the pictures were painted, for people</param>
internal sealed class EvalReport(EvaluationResult result, IReadOnlyList<RgbPicture> given, string settings)
{
    private const string Style = """
        :root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #5b6470; --line: #d7dce2; --accent: #1a6fd4; --warn: #a14a00; --dot: #5b6470; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e8ebef; --paper: #15181c; --soft: #a0a9b4; --line: #343b44; --accent: #4c9bff; --warn: #ffb066; --dot: #76808c; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 76rem; font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; color: var(--ink); background: var(--paper); }
        h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .3rem; } h3 { font-size: .95rem; font-weight: 600; margin: .9rem 0 .3rem; }
        .soft { color: var(--soft); } .warn { color: var(--warn); } .keep { border-left: 4px solid var(--accent); padding-left: .8rem; }
        .top { display: grid; gap: 1.5rem; } .scroll { overflow-x: auto; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
        td:nth-child(2) { white-space: normal; overflow-wrap: anywhere; min-width: 6rem; }
        svg { width: 100%; max-width: 40rem; height: auto; } svg text { font-size: 12px; fill: var(--soft); }
        svg .grid { stroke: var(--line); } svg .limit { stroke: var(--soft); stroke-dasharray: 5 4; } svg g path { stroke: var(--dot); stroke-width: 1.5; fill: none; }
        svg g circle { fill: var(--dot); } svg g text { fill: #fff; font-weight: 600; } svg .chosen circle { fill: var(--accent); } svg .chosen path { stroke: var(--accent); }
        svg .baseline circle { fill: var(--paper); stroke: var(--dot); stroke-width: 2; } svg .baseline text { fill: var(--ink); }
        .strip { display: flex; flex-wrap: wrap; gap: 4px; } .strip img { width: 84px; height: 84px; object-fit: cover; border-radius: 3px; }
        @media (min-width: 60rem) { .top { grid-template-columns: 1fr 1fr; align-items: start; } .sheet { display: grid; grid-template-columns: 12rem 1fr; gap: 1.5rem; } }
        """;

    private readonly List<string> thumbnails = [.. given.Select(Thumbnail.DataUri)];
    private readonly StringBuilder page = new();

    public string Write()
    {
        page.Append($"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>ti eval</title><link rel=\"icon\" href=\"data:,\"><style>\n{Style}\n</style></head><body>\n");
        page.Append($"<h1>Likeness and obedience</h1>\n<p class=\"soft\">{Html(settings)}</p>\n<p class=\"keep\"><strong>Keep {Html(result.Choice.Name ?? "none")}</strong>: {Html(result.Choice.Reason)}.</p>\n");
        page.Append($"<div class=\"top\"><div>{EvalPlot.Draw(result)}</div><div class=\"scroll\">");
        WriteTable();
        page.Append("</div></div>\n");
        foreach (var (number, row) in result.Rows.Prepend(result.Baseline).Index().OrderBy(item => item.Index == 0)) WriteSheet(number, row);
        return page.Append("</body></html>\n").ToString();
    }

    private void WriteTable()
    {
        page.Append("<table><thead><tr><th></th><th></th><th>likeness</th><th>obedience</th><th>signs</th></tr></thead><tbody>\n");
        foreach (var (number, row) in result.Rows.Prepend(result.Baseline).Index())
            page.Append($"<tr><td>{number}</td><td>{Html(row.Name)}</td><td>{EvalTable.Text(row.Likeness)}</td><td>{EvalTable.Text(row.Obedience)}</td><td class=\"warn\">{(row.Signs.Count == 0 ? "" : row.Signs.Count)}</td></tr>\n");
        if (result.Ceiling is { } ceiling) page.Append(System.Globalization.CultureInfo.InvariantCulture, $"<tr><td></td><td>given pictures, two by two</td><td>{ceiling:F4}</td><td></td><td></td></tr>\n");
        page.Append("</tbody></table>");
    }

    private void WriteSheet(int number, EvaluationRow row)
    {
        var over = number == 0 ? "" : $", over {result.Baseline.Name} {EvalTable.Signed(row.LikenessGain)} likeness and {EvalTable.Signed(row.ObedienceGain)} obedience";
        page.Append($"<h2>{number} · {Html(row.Name)}</h2>\n<p class=\"soft\">likeness {EvalTable.Text(row.Likeness)}, obedience {EvalTable.Text(row.Obedience)}{Html(over)}</p>\n");
        foreach (var sign in row.Signs) page.Append($"<p class=\"warn\">{Html(sign.Text)}</p>\n");
        page.Append("<div class=\"sheet\"><div><h3>given pictures</h3>");
        WriteStrip(thumbnails.Select((source, index) => (source, $"given picture {index + 1}")));
        page.Append("</div><div>");
        foreach (var prompt in row.Pictures.GroupBy(picture => picture.Prompt))
        {
            page.Append($"<h3>{Html(prompt.Key)}</h3>");
            WriteStrip(prompt.Select(picture => (Thumbnail.DataUri(PictureDecoder.Decode(picture.Path)), $"seed {picture.Seed}")));
        }

        page.Append("</div></div>\n");
    }

    private void WriteStrip(IEnumerable<(string Source, string Alternative)> pictures)
    {
        page.Append("<div class=\"strip\">");
        foreach (var (source, alternative) in pictures) page.Append($"<img src=\"{source}\" alt=\"{alternative}\" title=\"{alternative}\">");
        page.Append("</div>\n");
    }

    private static string Html(string text) => WebUtility.HtmlEncode(text);
}
