using System.Globalization;
using System.Text;
using TextualInversion.Cli.Html;
using TextualInversion.Cli.Runs;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Cli.Report;

/// <summary>What the learned rows are near to, and how long they are beside the words of the vocabulary.</summary>
internal static class NearestTokensSection
{
    /// <summary>How they are styled; part of the page that shows them.</summary>
    public const string Style = """
        .words td, .words th { vertical-align: top; white-space: nowrap; } .words td.near { white-space: normal; min-width: 11rem; } .word { display: inline-block; padding: .05rem .55rem; margin: .1rem .25rem .1rem 0; border-radius: 1rem; background: var(--card); white-space: nowrap; } .word b { color: var(--soft); font-weight: 400; font-size: .85em; margin-left: .25rem; }
        .gauge { width: 9rem; } .gauge .band { fill: var(--line); } .gauge .mean { stroke: var(--soft); } .gauge circle { fill: var(--accent); } @media (max-width: 40rem) { .gauge { display: none; } }
        """;

    private const double GaugeWidth = 144,
        GaugeHeight = 16;

    /// <returns>HTML; empty where the record says nothing of its rows</returns>
    public static string Draw(RunLog run)
    {
        var record = run.Record;
        if (record.Rows.Count == 0)
            return "";
        var html = new StringBuilder();
        foreach (var encoder in record.Rows.GroupBy(row => row.Encoder))
        {
            var norms = record.VocabularyNorms.ElementAtOrDefault(encoder.Key);
            html.Append(
                Invariant(
                    $"<h3>{(record.VocabularyNorms.Count > 1 ? $"Text encoder {encoder.Key + 1}" : "Rows")}</h3>\n"
                )
            );
            if (norms is not null)
                html.Append(
                    Invariant(
                        $"<p class=\"soft\">The vocabulary's words have norms of {norms.Smallest:F2} to {norms.Largest:F2}, {norms.Mean:F2} on average: the band beside each row’s own.</p>\n"
                    )
                );
            html.Append(
                "<div class=\"scroll\"><table class=\"words\"><thead><tr><th>row</th><th>nearest words, by cosine</th><th>norm</th><th></th><th>drift</th></tr></thead><tbody>\n"
            );
            foreach (var row in encoder)
                html.Append(
                    Invariant(
                        $"<tr><td>{row.Row + 1}</td><td class=\"near\">{string.Concat(row.Nearest.Select(Word))}</td><td>{row.Norm:F2}</td><td>{(norms is null ? "" : Gauge(row.Norm, norms, encoder.Max(each => each.Norm)))}</td><td>{row.Drift:F2}</td></tr>\n"
                    )
                );
            html.Append("</tbody></table></div>\n");
        }

        return html.Append(OnTheWay(run)).ToString();
    }

    /// <summary>The nearest word of each row, at the steps where one changed.</summary>
    private static string OnTheWay(RunLog run)
    {
        var html = new StringBuilder();
        IReadOnlyList<string> former = [];
        foreach (var line in run.Steps.Where(line => line.Nearest is not null))
        {
            List<string> words = [.. line.Nearest!.Select(near => near.Word)];
            if (!words.SequenceEqual(former))
                html.Append(
                    CultureInfo.InvariantCulture,
                    $"<tr><td>{line.Step}</td>{string.Concat(line.Nearest!.Select(near => $"<td>{Word(near)}</td>"))}</tr>\n"
                );
            former = words;
        }

        if (html.Length == 0)
            return "";
        var heads = string.Concat(former.Select((_, row) => $"<th>{RunCharts.RowName(run, row)}</th>"));
        return $"<details><summary>The nearest words on the way</summary><div class=\"scroll\"><table class=\"words\"><thead><tr><th>step</th>{heads}</tr></thead><tbody>\n{html}</tbody></table></div></details>\n";
    }

    private static string Word(NearWord near) =>
        Invariant($"<span class=\"word\">{HtmlPage.Text(near.Word)}<b>{near.Cosine:F2}</b></span>");

    /// <summary>A length on a line from 0, with the vocabulary's range as a band and its mean as a stroke.</summary>
    private static string Gauge(double norm, NormRange vocabulary, double longest)
    {
        if (!double.IsFinite(norm))
            return "";
        double Place(double length) => 6 + length / Math.Max(longest, vocabulary.Largest) * (GaugeWidth - 12);
        return Invariant(
            $"<svg class=\"gauge\" viewBox=\"0 0 {GaugeWidth} {GaugeHeight}\" aria-hidden=\"true\"><path class=\"grid\" d=\"M6 8H{GaugeWidth - 6}\"/><rect class=\"band\" x=\"{Place(vocabulary.Smallest):F1}\" y=\"4\" width=\"{Place(vocabulary.Largest) - Place(vocabulary.Smallest):F1}\" height=\"8\" rx=\"2\"/><path class=\"mean\" d=\"M{Place(vocabulary.Mean):F1} 2V14\"/><circle cx=\"{Place(norm):F1}\" cy=\"8\" r=\"4\"/></svg>"
        );
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
