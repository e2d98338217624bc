using System.Globalization;
using System.Text;
using TextualInversion.Cli.Html;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Runs;
using TextualInversion.IO;
using TextualInversion.Training;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Report;

/// <summary><c>report.html</c>: one run as a page that needs nothing else: images in, images out, curves, words, settings, the command that repeats it.</summary>
internal sealed class RunReport(RunLog run)
{
    private const string Style =
        LineChart.Style
        + RunImages.Style
        + NearestTokensSection.Style
        + """
            .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: .6rem; margin: 1.2rem 0; } .facts div { background: var(--card); border-radius: 10px; padding: .6rem .8rem; } .facts dt { font-size: .8rem; color: var(--soft); } .facts dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
            pre { background: var(--card); border-radius: 10px; padding: .9rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; font: .85rem/1.6 ui-monospace, monospace; margin: .5rem 0; } details { margin: .8rem 0; } summary { cursor: pointer; color: var(--accent); padding: .2rem 0; } .hash { font: .8rem/1.5 ui-monospace, monospace; }
            """;

    private readonly RunRecord record = run.Record;
    private readonly TrainSummary result = run.Record.Result;
    private readonly StringBuilder page = new();

    /// <summary>Makes the page of a run anew, in its folder.</summary>
    /// <exception cref="TextualInversionException">It is no run's folder, or cannot be written.</exception>
    public static void WriteTo(string folder)
    {
        var page = new RunReport(RunLog.Read(folder)).Write();
        AtomicFile.WriteText(RunFolder.ReportIn(folder), overwrite: true, page);
    }

    public string Write()
    {
        WriteHead();
        WriteImages();
        page.Append(
            $"<h2>Curves</h2>\n<div class=\"charts\">\n{string.Concat(RunCharts.Of(run).Select(chart => chart.Draw()))}</div>\n"
        );
        if (NearestTokensSection.Draw(run) is { Length: > 0 } words)
            page.Append($"<h2>What was learned</h2>\n{words}");
        WriteSettings();
        WriteProvenance();
        page.Append(
            $"<h2>The command that repeats it</h2>\n<p class=\"soft\">In the folder where it was begun; it replaces nothing without <code>--overwrite</code>, or takes another <code>--name</code>.</p>\n<pre>{Html(ShellCommand.QuoteLines(["ti", .. record.Command]))}</pre>\n"
        );
        return HtmlPage.Write($"{result.Placeholder} · ti", Style, page.ToString());
    }

    private void WriteHead()
    {
        page.Append(
            $"<h1>{Html(result.Placeholder)}</h1>\n<p class=\"soft\">learned from {Count(record.Images.Count, "image")} on {Html(result.Model)}, starting from “{Html(RunSettings.Start(record))}”</p>\n<p class=\"keep\">{Html(Verdict())}</p>\n<dl class=\"facts\">\n"
        );
        if (result.Validation is { } loss)
        {
            Fact("validation loss", Invariant($"{loss.Best:F4}"));
            Fact("initializer", Invariant($"{loss.Initial:F4}"));
            Fact("empty prompt", Invariant($"{loss.WithoutPrompts:F4}"));
            if (loss.HeldOut is { } heldOut)
                Fact("held-out image", Invariant($"{heldOut.Initial:F4} → {heldOut.Best:F4}"));
        }
        else
        {
            Fact("training loss", Invariant($"{result.Loss:F4}"));
        }

        Fact("steps", result.BestStep == result.Steps ? $"{result.Steps}" : $"{result.Steps}, kept {result.BestStep}");
        Fact("vectors", $"{result.Vectors}");
        Fact("time", Duration(result.Seconds));
        Fact("a step", Invariant($"{result.StepMedianSeconds:G3} s"));
        Fact("peak memory", ByteSize.Format(result.PeakMemoryBytes));
        page.Append("</dl>\n");
    }

    private string Verdict()
    {
        var end = record.End switch
        {
            TrainingEnd.Completed => $"All {Count(result.Steps, "step")} were taken",
            TrainingEnd.StoppedEarly =>
                $"Stopped after {Count(result.Steps, "step")}, since the validation loss no longer improved",
            TrainingEnd.Cancelled => $"Cancelled after {Count(result.Steps, "step")}",
            TrainingEnd.Diverged =>
                $"Ended after {Count(result.Steps, "step")}, since its numbers were no longer finite",
            TrainingEnd.WithoutGradient => "Ended, since nothing could be learned",
            _ => throw new ArgumentOutOfRangeException(nameof(record)),
        };
        if (result.Validation is not { } loss)
            return $"{end}; the last rows are kept.";
        if (result.BestStep == 0)
            return $"{end}; nothing was better than the initializer itself, which is kept.";
        return Invariant(
            $"{end}; the rows of step {result.BestStep} are kept: their loss on fixed images, noise and timesteps is {100 * (1 - loss.Best / loss.Initial):F1} % below the initializer’s."
        );
    }

    private void WriteImages()
    {
        page.Append(
            $"<div class=\"images\"><div><h2>Images in</h2>\n{RunImages.Given(run)}</div><div><h2>Images out</h2>\n"
        );
        if (run.Samples.Count == 0)
            page.Append(
                "<p class=\"soft\">None were painted while training; <code>--sample-every 50</code> paints some.</p>\n"
            );
        foreach (var prompt in run.Samples.GroupBy(sample => sample.Prompt))
        {
            page.Append($"<h3>{Html(prompt.Key)}</h3>\n");
            foreach (var seed in prompt.GroupBy(sample => sample.Seed))
                page.Append(RunImages.Strip(run, seed));
        }

        page.Append("</div></div>\n");
    }

    private void WriteSettings()
    {
        var (settings, changed) = (RunSettings.All(record), RunSettings.Changed(record));
        page.Append("<h2>Settings</h2>\n");
        if (changed.Count > 0)
            page.Append(
                $"<p class=\"soft\">Not as by default:</p>\n{Table(changed.Select(name => (name, settings[name])))}"
            );
        page.Append(
            $"<details><summary>{(changed.Count > 0 ? "All the others" : "All, as by default")}</summary>{Table(settings.Where(setting => !changed.Contains(setting.Key)).Select(setting => (setting.Key, setting.Value)))}</details>\n"
        );
    }

    private void WriteProvenance()
    {
        var isSame = record.BaseWeights.Values.All(hash => hash.Before == hash.After);
        page.Append(
            $"<details><summary>The model was {(isSame ? "not changed" : "CHANGED")}: hashes, versions</summary>"
        );
        var weights = record.BaseWeights.Select(part =>
            (
                part.Key,
                part.Value.Before == part.Value.After
                    ? part.Value.Before
                    : $"{part.Value.Before} before, {part.Value.After} after"
            )
        );
        page.Append(
            $"<p class=\"soft\">SHA-256 of each network, before and after, and of each image.</p><div class=\"hash\">{Table(weights.Concat(record.Images.Select(image => (image.Path, image.Sha256))))}</div>{Table(record.Versions.Select(version => (version.Key, version.Value)))}</details>\n"
        );
    }

    private void Fact(string name, string value) =>
        page.Append($"<div><dt>{Html(name)}</dt><dd>{Html(value)}</dd></div>\n");

    private static string Table(IEnumerable<(string Name, string Value)> rows) =>
        $"<div class=\"scroll\"><table><tbody>\n{string.Concat(rows.Select(row => $"<tr><td class=\"soft\">{Html(row.Name)}</td><td>{Html(row.Value)}</td></tr>\n"))}</tbody></table></div>\n";

    private static string Count(int number, string unit) => number == 1 ? $"1 {unit}" : $"{number} {unit}s";

    private static string Duration(double seconds) =>
        seconds < 90 ? Invariant($"{seconds:F0} s")
        : seconds < 5400 ? Invariant($"{seconds / 60:F0} min")
        : Invariant($"{seconds / 3600:F1} h");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Html(string text) => HtmlPage.Text(text);
}
