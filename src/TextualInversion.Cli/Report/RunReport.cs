using TextualInversion.Cli.Html;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Runs;
using TextualInversion.IO;
using TextualInversion.Training.RunFiles;
using static System.FormattableString;

namespace TextualInversion.Cli.Report;

/// <summary>
/// <c>report.html</c>: one run as one page that needs no other file. It shows the images, curves, nearest tokens,
/// settings and the command to reproduce the run.
/// </summary>
internal sealed class RunReport(RunLog run)
{
    private readonly RunRecord record = run.Record;
    private readonly TrainSummary result = run.Record.Result;

    /// <summary>Writes the page into the run's folder, over an earlier one.</summary>
    /// <exception cref="TextualInversionException">
    /// The folder does not hold a run, or the page cannot be written.
    /// </exception>
    public static void WriteTo(string folder)
    {
        var page = new RunReport(RunLog.Read(folder)).Write();
        AtomicFile.WriteText(RunFolder.ReportIn(folder), overwrite: true, page);
    }

    public string Write()
    {
        var nearest = NearestTokensSection.Draw(run);
        var body = Markup.Of(
            $"""
            {Head()}{Images()}<h2>Curves</h2>
            <div class="charts">
            {RunCharts.Of(run).Select(chart => chart.Draw())}</div>
            {(
                nearest.IsEmpty ? Markup.Empty : Markup.Of($"<h2>Nearest tokens</h2>\n{nearest}")
            )}{Settings()}{Provenance()}
            <h2>Reproduce</h2>
            <p class="soft">Run it in the folder where the run was started. Add <code>--overwrite</code> to replace this
            run, or choose another <code>--name</code>.</p>
            <pre>{ShellCommand.QuoteLines(["ti", .. record.Command])}</pre>
            """
        );
        return HtmlPage.Write(
            $"{result.Placeholders} · ti",
            body,
            LineChart.Style,
            RunImages.Style,
            NearestTokensSection.Style,
            "run.css"
        );
    }

    private Markup Head()
    {
        var facts = Facts().Select(fact => Markup.Of($"<div><dt>{fact.Name}</dt><dd>{fact.Value}</dd></div>\n"));
        var images = Plural.Of(record.Images.Count, "image");
        return Markup.Of(
            $"""
            <h1>{result.Placeholders}</h1>
            <p class="soft">trained on {images} with {result.Model}, initialized from “{RunSettings.Initializer(
                record
            )}”</p>
            <p class="keep">{Verdict()}</p>
            <dl class="facts">
            {facts}</dl>

            """
        );
    }

    private IEnumerable<(string Name, string Value)> Facts()
    {
        if (result.Validation is { } loss)
        {
            yield return ("validation loss", Invariant($"{loss.Best:F4}"));
            yield return ("initializer", Invariant($"{loss.Initial:F4}"));
            yield return ("empty prompt", Invariant($"{loss.WithoutPrompts:F4}"));
            if (loss.HeldOut is { } heldOut)
                yield return ("held-out image", Invariant($"{heldOut.Initial:F4} → {heldOut.Best:F4}"));
        }
        else
        {
            yield return ("training loss", Invariant($"{result.Loss:F4}"));
        }

        yield return ("steps", $"{result.Steps}");
        if (result.BestStep != result.Steps)
            yield return ("best step", $"{result.BestStep}");
        yield return (
            "vectors",
            result.Words is { } words ? string.Join(" + ", words.Select(word => word.Vectors)) : $"{result.Vectors}"
        );
        yield return ("time", Duration(result.Seconds));
        yield return ("time per step", Invariant($"{result.StepMedianSeconds:G3} s"));
        yield return ("peak memory", ByteSize.Format(result.PeakMemoryBytes));
    }

    private string Verdict()
    {
        var steps = Plural.Of(result.Steps, "step");
        var end = record.End switch
        {
            TrainingEnd.Completed => $"Completed after {steps}",
            TrainingEnd.StoppedEarly => $"Stopped after {steps}: the validation loss no longer improved",
            TrainingEnd.Cancelled => $"Canceled after {steps}",
            TrainingEnd.Diverged => $"Training diverged after {steps} (NaN or infinity)",
            TrainingEnd.WithoutGradient => "Stopped: the gradient was zero, so nothing could be learned",
            _ => throw new ArgumentOutOfRangeException(nameof(record)),
        };
        if (result.Validation is not { } loss)
            return $"{end}. The embedding is that of the last step.";
        if (result.BestStep == 0)
            return $"{end}. No step was better than the initializer, which was saved.";
        var gain = 100 * (1 - loss.RelativeLoss);
        return Invariant($"{end}. The embedding is that of step {result.BestStep}; ")
            + Invariant($"relative to an empty prompt, its loss is {gain:F1} % lower.");
    }

    private Markup Images()
    {
        var samples = run.Samples.GroupBy(sample => sample.Prompt).Select(Samples);
        var none = run.Samples.Count > 0 ? Markup.Empty : NoSamples;
        return Markup.Of(
            $"""
            <div class="images"><div><h2>Training images</h2>
            {RunImages.TrainingImages(run)}</div><div><h2>Samples during training</h2>
            {none}{samples}</div></div>

            """
        );
    }

    private static Markup NoSamples =>
        Markup.Raw("<p class=\"soft\">None. <code>--sample-every 50</code> generates some.</p>\n");

    private Markup Samples(IGrouping<string, RunSample> prompt)
    {
        var strips = prompt.GroupBy(sample => sample.Seed).Select(seed => RunImages.Strip(run, seed));
        return Markup.Of($"<h3>{prompt.Key}</h3>\n{strips}");
    }

    private Markup Settings()
    {
        var (settings, changed) = (RunSettings.All(record), RunSettings.Changed(record));
        var first =
            changed.Count == 0
                ? Markup.Empty
                : Markup.Of($"<h3>Changed settings</h3>\n{Table(changed.Select(name => (name, settings[name])))}");
        var others = settings
            .Where(setting => !changed.Contains(setting.Key))
            .Select(setting => (setting.Key, setting.Value));
        var title = changed.Count > 0 ? "All other settings" : "All settings; none was changed";
        return Markup.Of($"<h2>Settings</h2>\n{first}<details><summary>{title}</summary>{Table(others)}</details>\n");
    }

    private Markup Provenance()
    {
        static string Hashes(FrozenHash hash) =>
            hash.Before == hash.After ? hash.Before : $"{hash.Before} before, {hash.After} after";

        var isSame = record.FrozenWeights.Values.All(hash => hash.Before == hash.After);
        var weights = record.FrozenWeights.Select(part => (part.Key, Hashes(part.Value)));
        var loras = (record.Loras ?? []).Select(lora => ($"LoRA {lora.Path}", lora.Sha256));
        var images = record.Images.Select(image => (image.Path, image.Sha256));
        return Markup.Of(
            $"""
            <details><summary>The model was {(isSame ? "not changed" : "CHANGED")}: hashes, versions</summary>
            <p class="soft">SHA-256 of each network as it was used, before and after, and of each file.</p>
            <div class="hash">{Table(weights.Concat(loras).Concat(images))}</div>
            {Table(record.Versions.Select(version => (version.Key, version.Value)))}</details>
            """
        );
    }

    private static Markup Table(IEnumerable<(string Name, string Value)> rows)
    {
        var cells = rows.Select(row => Markup.Of($"<tr><td class=\"soft\">{row.Name}</td><td>{row.Value}</td></tr>\n"));
        return Markup.Of($"<div class=\"scroll\"><table><tbody>\n{cells}</tbody></table></div>\n");
    }

    private static string Duration(double seconds) =>
        seconds < 90 ? Invariant($"{seconds:F0} s")
        : seconds < 5400 ? Invariant($"{seconds / 60:F0} min")
        : Invariant($"{seconds / 3600:F1} h");
}
