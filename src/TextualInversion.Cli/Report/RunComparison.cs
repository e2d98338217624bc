using TextualInversion.Cli.Html;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Runs;
using TextualInversion.IO;
using TextualInversion.Training.RunFiles;
using static System.FormattableString;

namespace TextualInversion.Cli.Report;

/// <summary>
/// Several runs on one page: their losses, their curves over each other, settings that differ, their images.
/// </summary>
internal sealed class RunComparison(IReadOnlyList<NamedRun> runs)
{
    /// <summary>Writes the page of a run of several seeds into the run's folder.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="seeds">The folders of its seeds.</param>
    /// <exception cref="TextualInversionException">
    /// A folder does not hold a run, or the page cannot be written.
    /// </exception>
    public static void WriteTo(string folder, IEnumerable<string> seeds)
    {
        var page = new RunComparison(NamedRun.ReadAll(seeds)).Write();
        AtomicFile.WriteText(RunFolder.ReportIn(folder), overwrite: true, page);
    }

    public string Write()
    {
        var warning = AreComparable
            ? Markup.Empty
            : Markup.Raw(
                "<p class=\"keep warn\">These runs had different images or models: their losses cannot be "
                    + "compared.</p>\n"
            );
        var body = Markup.Of(
            $"""
            <h1>{Plural.Of(runs.Count, "run")}</h1>
            <p class="soft">{Joined(run => run.Result.Placeholder)} with {Joined(run => run.Result.Model)}</p>
            {warning}{Table()}<h2>Curves</h2>
            <div class="charts">
            {ComparisonCharts.Of(runs).Select(chart => chart.Draw())}</div>
            {Differences()}<h2>Training images</h2>
            {TrainingImages()}<h2>Samples during training</h2>
            {Samples()}
            """
        );
        var title = $"{string.Join(", ", runs.Select(run => run.Name))} · ti";
        return HtmlPage.Write(title, body, LineChart.Style, RunImages.Style, "comparison.css");
    }

    /// <summary>Whether the losses are over the same inputs.</summary>
    private bool AreComparable => runs.Select(Inputs).Distinct().Count() == 1;

    private string Joined(Func<RunRecord, string> value) =>
        string.Join(", ", runs.Select(run => value(run.Log.Record)).Distinct());

    private static string Inputs(NamedRun run)
    {
        var record = run.Log.Record;
        var weights = record.FrozenWeights.OrderBy(part => part.Key, StringComparer.Ordinal);
        IEnumerable<string> inputs =
        [
            ImageHashes(run),
            .. weights.Select(part => part.Value.Before),
            $"{record.Options.GetValueOrDefault("resolution")} {record.Options.GetValueOrDefault("crop")}",
        ];
        return string.Join(' ', inputs);
    }

    private static string ImageHashes(NamedRun run) =>
        string.Join(' ', run.Log.Record.Images.Select(image => image.Sha256));

    private Markup Table()
    {
        var best = AreComparable ? runs.Min(run => run.Log.Record.Result.Validation?.RelativeLoss) : null;
        return Markup.Of(
            $"""
            <div class="scroll"><table class="runs"><thead><tr><th>run</th><th>validation loss</th>
            <th>below an empty prompt’s</th><th>best step</th><th>steps</th><th>end</th><th>training loss</th>
            <th>time</th><th>time per step</th><th>peak memory</th></tr></thead><tbody>
            {runs.Select((run, number) => TableRow(run, number, best))}</tbody></table></div>

            """
        );
    }

    private static Markup TableRow(NamedRun run, int number, double? best)
    {
        var (result, loss) = (run.Log.Record.Result, run.Log.Record.Result.Validation);
        string[] cells =
        [
            loss is null ? "" : Invariant($"{loss.Best:F4}"),
            loss is null ? "" : Numbers.Percent(1 - loss.RelativeLoss),
            $"{result.BestStep}",
            $"{result.Steps}",
            RunSettings.Ended(run.Log.Record.End),
            Invariant($"{result.Loss:F4}"),
            Invariant($"{result.Seconds:F0} s"),
            Invariant($"{result.StepMedianSeconds:G3} s"),
            ByteSize.Format(result.PeakMemoryBytes),
        ];
        var kind = loss is not null && loss.RelativeLoss == best ? "best" : "other";
        return Markup.Of(
            $"""
            <tr class="{kind}"><td>{Dot(number)}{run.Name}</td>{cells.Select(cell =>
                Markup.Of($"<td>{cell}</td>")
            )}</tr>

            """
        );
    }

    private Markup Differences()
    {
        var settings = runs.Select(run => RunSettings.All(run.Log.Record)).ToList();
        var different = settings
            .SelectMany(all => all.Keys)
            .Distinct()
            .Where(name => settings.Select(all => all.GetValueOrDefault(name)).Distinct().Count() > 1)
            .ToList();
        if (different.Count == 0)
            return Markup.Raw("<h2>Settings that differ</h2>\n<p class=\"soft\">None.</p>\n");
        Markup Row(string name)
        {
            var cells = settings.Select(all => Markup.Of($"<td>{all.GetValueOrDefault(name)}</td>"));
            return Markup.Of($"<tr><td class=\"soft\">{name}</td>{cells}</tr>\n");
        }

        return Markup.Of(
            $"""
            <h2>Settings that differ</h2>
            <div class="scroll"><table class="settings"><thead>
            <tr><th></th>{runs.Select(run => Markup.Of($"<th>{run.Name}</th>"))}</tr></thead><tbody>
            {different.Select(Row)}</tbody></table></div>

            """
        );
    }

    /// <summary>Once for all runs with the same images.</summary>
    private Markup TrainingImages()
    {
        Markup Group(IGrouping<string, NamedRun> same)
        {
            var names = string.Join(", ", same.Select(run => run.Name));
            var title = AreComparable ? Markup.Empty : Markup.Of($"<h3>{names}</h3>\n");
            return Markup.Of($"{title}{RunImages.TrainingImages(same.First().Log)}");
        }

        return Markup.Concat(runs.GroupBy(ImageHashes).Select(Group));
    }

    /// <summary>By prompt and seed, then by run.</summary>
    private Markup Samples()
    {
        var samples = runs.Index()
            .SelectMany(run => run.Item.Log.Samples.Select(sample => (Number: run.Index, Sample: sample)))
            .ToList();
        if (samples.Count == 0)
            return Markup.Raw("<p class=\"soft\">None. <code>--sample-every 50</code> generates some.</p>\n");
        Markup OfRun(IGrouping<int, (int Number, RunSample Sample)> own)
        {
            var run = runs[own.Key];
            var strip = RunImages.Strip(run.Log, own.Select(sample => sample.Sample));
            return Markup.Of($"<p class=\"soft\">{Dot(own.Key)}{run.Name}</p>\n{strip}");
        }

        return Markup.Concat(
            samples
                .GroupBy(sample => (Prompt: CommonPrompt(sample.Number, sample.Sample), sample.Sample.Seed))
                .Select(prompt =>
                    Markup.Of(
                        $"""
                        <h3>{prompt.Key.Prompt}, seed {prompt.Key.Seed}</h3>
                        {prompt.GroupBy(sample => sample.Number).Select(OfRun)}
                        """
                    )
                )
        );
    }

    /// <summary>The prompt, with "…" for the placeholder token if the runs have different ones.</summary>
    private string CommonPrompt(int number, RunSample sample)
    {
        var placeholders = runs.Select(run => run.Log.Record.Result.Placeholder);
        return placeholders.Distinct().Count() == 1
            ? sample.Prompt
            : sample.Prompt.Replace(placeholders.ElementAt(number), "…", StringComparison.OrdinalIgnoreCase);
    }

    private static Markup Dot(int number) =>
        Markup.Of($"<i class=\"dot\" style=\"background:{Curve.ColorOf(number)}\"></i>");
}
