using System.Globalization;
using TextualInversion.Cli.Html;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Runs;
using TextualInversion.Cli.Sweep.Work;
using TextualInversion.Data;
using TextualInversion.IO;
using static System.FormattableString;

namespace TextualInversion.Cli.Sweep.Results;

/// <summary>The cells of a sweep on one page: a table by score with thumbnails, and the best curves.</summary>
/// <param name="folder">The sweep's folder.</param>
/// <param name="cells">Its cells, sorted.</param>
internal sealed class SweepPage(SweepFolder folder, IReadOnlyList<CellResult> cells)
{
    private const int SidePixels = 96,
        MostCurves = 12;
    private const double SparkWidth = 100,
        SparkHeight = 26;

    private readonly List<string> options = [.. cells.SelectMany(cell => cell.Matrix.Keys).Distinct()];
    private readonly Dictionary<string, string?> thumbnails = [];
    private readonly bool isEvaluated = cells.Any(cell => cell.ImageSimilarity is not null);

    public string Write()
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder.FolderPath)));
        var done = cells.Count(cell => cell.State == CellState.Done);
        string[] scores = isEvaluated ? ["image similarity", "text similarity"] : [];
        var headings = scores.Concat(options).Select(option => Markup.Of($"<th>{option}</th>"));
        var order = isEvaluated ? " The cells are sorted by image similarity." : "";
        var body = Markup.Of(
            $"""
            <h1>{name}</h1>
            <p class="soft">{Plural.Of(cells.Count, "cell")}, {done} done. The score is the share by which the
            validation loss is below that of an empty prompt.{order}</p>
            <h2>Curves</h2>
            <div class="charts">
            {Curves().Draw()}</div>
            <h2>Cells</h2>
            <div class="scroll"><table class="runs sweep"><thead><tr><th></th><th>cell</th><th>image</th><th>sample</th>
            <th>score</th><th>validation loss</th><th></th>{headings}<th>seed</th><th>best step</th><th>steps</th>
            <th>time</th></tr></thead><tbody>
            {cells.Select(Row)}</tbody></table></div>
            """
        );
        return HtmlPage.Write($"{name} · ti", body, LineChart.Style, "sweep.css");
    }

    /// <summary>The validation losses of the best cells, each relative to that of an empty prompt.</summary>
    private LineChart Curves()
    {
        var best = cells.Where(cell => cell.EmptyPromptLoss > 0).Take(MostCurves);
        return new LineChart
        {
            Title = "Validation loss relative to an empty prompt",
            Curves = [.. best.Select((cell, number) => new Curve(cell.Name, Relative(cell), number, HasDots: true))],
        };
    }

    private static IReadOnlyList<(double X, double Y)> Relative(CellResult cell) =>
        [.. cell.Log!.Validations.Select(point => (point.Step, point.Loss / cell.EmptyPromptLoss!.Value))];

    private Markup Row(CellResult cell, int index)
    {
        var rank = cell.Score is null && cell.ImageSimilarity is null ? "" : $"{index + 1}";
        var columns = 9 + options.Count + (isEvaluated ? 2 : 0);
        if (cell.State != CellState.Done)
            return Markup.Of(
                $"""
                <tr class="other"><td></td><td>{cell.Name}</td><td class="soft" colspan="{columns}">{(
                    cell.State.ToString().ToLowerInvariant()
                )}{(cell.Problem is null ? "" : $": {cell.Problem}")}</td></tr>

                """
            );
        string[] values =
        [
            .. isEvaluated
                ? new[] { cell.ImageSimilarity, cell.TextSimilarity }.Select(value => Invariant($"{value:F3}"))
                : [],
            .. options.Select(option => cell.Matrix.GetValueOrDefault(option, "")),
            $"{cell.Seed}",
            $"{cell.BestStep}",
            $"{cell.Steps}",
            Invariant($"{cell.Seconds:F0} s"),
        ];
        return Markup.Of(
            $"""
            <tr><td class="soft">{rank}</td><td><b>{cell.Name}</b></td><td>{Thumbnail(
                cell.Log!.Record.Images[0].Path
            )}</td><td>{Thumbnail(Sample(cell.Log))}</td>
            <td><b>{(cell.Score is { } score ? Numbers.Percent(score) : "")}</b></td>
            <td>{(cell.ValidationLoss is { } loss ? Invariant($"{loss:F4}") : "")}</td><td>{Spark(cell)}</td>{(
                values.Select(value => Markup.Of($"<td>{value}</td>"))
            )}</tr>

            """
        );
    }

    /// <summary>The first prompt's sample of the best step, else the last one.</summary>
    private static string? Sample(RunLog run)
    {
        var best = run.Record.Result.BestStep;
        var sample = run.Samples.FirstOrDefault(sample => sample.Step == best);
        return sample?.Path ?? (run.Samples.Count > 0 ? run.Samples[^1].Path : null);
    }

    private Markup Thumbnail(string? path)
    {
        if (path is null)
            return Markup.Empty;
        if (!thumbnails.TryGetValue(path, out var source))
            thumbnails[path] = source = Load(path);
        return source is null ? Markup.Empty : Markup.Of($"<img src=\"{source}\" alt=\"\" loading=\"lazy\">");
    }

    private static string? Load(string path)
    {
        try
        {
            return Html.Thumbnail.DataUri(ImageDecoder.Decode(path), SidePixels);
        }
        catch (Exception error) when (error is TextualInversionException || IoErrors.IsFileError(error))
        {
            return null; // moved since
        }
    }

    /// <summary>The validation loss as a small line without axes.</summary>
    private static Markup Spark(CellResult cell)
    {
        var points = cell.Log!.Validations.Where(point => double.IsFinite(point.Loss)).ToList();
        if (points.Count < 2)
            return Markup.Empty;
        var (low, high) = (points.Min(point => point.Loss), points.Max(point => point.Loss));
        var last = points[^1].Step;
        var path = string.Join(
            'L',
            points.Select(point =>
                string.Create(CultureInfo.InvariantCulture, $"{SparkWidth * point.Step / last:F1} {Y(point.Loss):F1}")
            )
        );

        double Y(double loss) => 2 + (SparkHeight * (high - loss) / (high - low + double.Epsilon));

        return Markup.Of(
            $"<svg class=\"spark\" viewBox=\"0 0 {SparkWidth} {SparkHeight + 4}\"><path d=\"M{path}\"/></svg>"
        );
    }
}
