using TextualInversion.Cli.Html;
using TextualInversion.Cli.Runs;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training;

namespace TextualInversion.Cli.Report;

/// <summary>The tokens of the vocabulary that the learned vectors are close to, and the vectors' norms.</summary>
internal static class NearestTokensSection
{
    /// <summary>The stylesheet of the page that shows it.</summary>
    public const string Style = "tokens.css";

    private const double GaugeWidth = 144,
        GaugeHeight = 16,
        GaugeMargin = 6;

    /// <returns>Empty if the record says nothing about the vectors.</returns>
    public static Markup Draw(RunLog run)
    {
        var record = run.Record;
        if (record.Rows.Count == 0)
            return Markup.Empty;
        var encoders = record.Rows.GroupBy(row => row.Encoder).Select(rows => Encoder(record, rows.Key, [.. rows]));
        return Markup.Concat(Markup.Concat(encoders), History(run));
    }

    private static Markup Encoder(RunRecord record, int encoder, IReadOnlyList<LearnedRow> rows)
    {
        var norms = record.VocabularyNorms.ElementAtOrDefault(encoder);
        var title = record.VocabularyNorms.Count > 1 ? $"Text encoder {encoder + 1}" : "Vectors";
        var explanation = norms is null
            ? Markup.Empty
            : Markup.Of(
                $"""
                <p class="soft">The band next to each norm is the range of the vocabulary:
                {norms.Smallest:F2} to {norms.Largest:F2}, {norms.Mean:F2} on average.</p>

                """
            );
        var longest = rows.Max(row => row.Norm);
        return Markup.Of(
            $"""
            <h3>{title}</h3>
            {explanation}<div class="scroll"><table class="tokens"><thead>
            <tr><th>vector</th><th>nearest tokens, by cosine</th><th>norm</th><th></th><th>drift</th></tr>
            </thead><tbody>
            {rows.Select(row => TableRow(record, row, norms, longest))}</tbody></table></div>

            """
        );
    }

    private static Markup TableRow(RunRecord record, LearnedRow row, NormRange? norms, double longest)
    {
        var gauge = norms is null ? Markup.Empty : Gauge(row.Norm, norms, longest);
        var name = record.Result.Words is null ? $"{row.Row + 1}" : RunSeries.VectorName(record.Result, row.Row);
        return Markup.Of(
            $"""
            <tr><td>{name}</td><td class="near">{row.Nearest.Select(Token)}</td>
            <td>{row.Norm:F2}</td><td>{gauge}</td><td>{row.Drift:F2}</td></tr>

            """
        );
    }

    /// <summary>The nearest token of each vector, at the steps where one changed.</summary>
    private static Markup History(RunLog run)
    {
        var rows = new List<Markup>();
        IReadOnlyList<string> previous = [];
        foreach (var line in run.Steps.Where(line => line.Nearest is not null))
        {
            List<string> tokens = [.. line.Nearest!.Select(near => near.Word)];
            var cells = line.Nearest!.Select(near => Markup.Of($"<td>{Token(near)}</td>"));
            if (!tokens.SequenceEqual(previous))
                rows.Add(Markup.Of($"<tr><td>{line.Step}</td>{cells}</tr>\n"));
            previous = tokens;
        }

        if (rows.Count == 0)
            return Markup.Empty;
        var headings = previous.Select((_, row) => Markup.Of($"<th>{RunSeries.VectorName(run, row)}</th>"));
        return Markup.Of(
            $"""
            <details><summary>Nearest tokens during training</summary><div class="scroll"><table class="tokens"><thead>
            <tr><th>step</th>{headings}</tr></thead><tbody>
            {rows}</tbody></table></div></details>

            """
        );
    }

    private static Markup Token(NearWord near) =>
        Markup.Of($"<span class=\"token\">{near.Word}<b>{near.Cosine:F2}</b></span>");

    /// <summary>A norm on a line from 0, with the vocabulary's range as a band and its mean as a stroke.</summary>
    private static Markup Gauge(double norm, NormRange vocabulary, double longest)
    {
        if (!double.IsFinite(norm))
            return Markup.Empty;
        var scale = (GaugeWidth - 2 * GaugeMargin) / Math.Max(longest, vocabulary.Largest);
        double Place(double length) => GaugeMargin + length * scale;
        double start = Place(vocabulary.Smallest),
            width = Place(vocabulary.Largest) - start;
        return Markup.Of(
            $"""
            <svg class="gauge" viewBox="0 0 {GaugeWidth} {GaugeHeight}" aria-hidden="true">
            <path class="grid" d="M{GaugeMargin} 8H{GaugeWidth - GaugeMargin}"/>
            <rect class="band" x="{start:F1}" y="4" width="{width:F1}" height="8" rx="2"/>
            <path class="mean" d="M{Place(vocabulary.Mean):F1} 2V14"/>
            <circle cx="{Place(norm):F1}" cy="8" r="4"/></svg>
            """
        );
    }
}
