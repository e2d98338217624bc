using System.Globalization;
using System.Text;
using TextualInversion.Cli.Html;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Runs;
using TextualInversion.IO;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Report;

/// <summary>Several runs on one page: their losses, their curves over each other, what was set differently, their images side by side.</summary>
internal sealed class RunComparison(IReadOnlyList<RunLog> runs)
{
    private const string Style =
        LineChart.Style
        + RunImages.Style
        + """
            .runs i { display: inline-block; width: .8rem; height: .8rem; border-radius: 50%; margin-right: .45rem; vertical-align: -.05rem; } .runs td { white-space: nowrap; } .best td { font-weight: 600; } .settings td, .settings th { min-width: 6rem; }
            """;

    private readonly IReadOnlyList<string> names = Names(runs);
    private readonly StringBuilder page = new();

    /// <summary>Makes the page of the runs that a folder holds, one for each seed, in that folder.</summary>
    /// <exception cref="TextualInversionException">One is no run's folder, or the page cannot be written.</exception>
    public static void WriteTo(string folder, IEnumerable<string> runs)
    {
        var page = new RunComparison([.. runs.Select(RunLog.Read)]).Write();
        AtomicFile.WriteText(RunFolder.ReportIn(folder), overwrite: true, page);
    }

    public string Write()
    {
        page.Append(
            $"<h1>{runs.Count} runs</h1>\n<p class=\"soft\">{Html(string.Join(", ", runs.Select(run => run.Record.Result.Placeholder).Distinct()))} on {Html(string.Join(", ", runs.Select(run => run.Record.Result.Model).Distinct()))}</p>\n"
        );
        if (!AreComparable)
            page.Append(
                "<p class=\"keep warn\">These runs had different images or models, so their losses do not tell which is better.</p>\n"
            );
        WriteTable();
        page.Append(
            $"<h2>Curves</h2>\n<div class=\"charts\">\n{string.Concat(RunCharts.Of(runs, names).Select(chart => chart.Draw()))}</div>\n"
        );
        WriteDifferences();
        WriteImages();
        return HtmlPage.Write($"{string.Join(", ", names)} · ti", Style, page.ToString());
    }

    /// <summary>Whether the losses are over the same inputs.</summary>
    private bool AreComparable => runs.Select(Inputs).Distinct().Count() == 1;

    private static string Inputs(RunLog run) =>
        string.Join(
            ' ',
            run.Record.Images.Select(image => image.Sha256)
                .Concat(
                    run.Record.BaseWeights.OrderBy(part => part.Key, StringComparer.Ordinal)
                        .Select(part => part.Value.Before)
                )
                .Append(
                    $"{run.Record.Options.GetValueOrDefault("resolution")} {run.Record.Options.GetValueOrDefault("crop")}"
                )
        );

    /// <summary>The folders' names, or their paths where two are alike.</summary>
    private static IReadOnlyList<string> Names(IReadOnlyList<RunLog> runs) =>
        runs.Select(run => run.Name).Distinct().Count() == runs.Count
            ? [.. runs.Select(run => run.Name)]
            : [.. runs.Select(run => JsonOutput.Relative(run.Folder))];

    private void WriteTable()
    {
        var best = AreComparable ? runs.Min(run => run.Record.Result.Validation?.Best) : null;
        page.Append(
            "<div class=\"scroll\"><table class=\"runs\"><thead><tr><th>run</th><th>validation loss</th><th>below the initializer’s</th><th>kept step</th><th>steps</th><th>ended</th><th>training loss</th><th>time</th><th>a step</th><th>peak memory</th></tr></thead><tbody>\n"
        );
        foreach (var (number, run) in runs.Index())
        {
            var (result, loss) = (run.Record.Result, run.Record.Result.Validation);
            string[] cells =
            [
                $"<i style=\"background:var(--s{number % 8})\"></i>{Html(names[number])}",
                loss is null ? "" : Invariant($"{loss.Best:F4}"),
                loss is null ? "" : Invariant($"{100 * (1 - loss.Best / loss.Initial):F1} %"),
                $"{result.BestStep}",
                $"{result.Steps}",
                Html(RunSettings.Ended(run.Record.End)),
                Invariant($"{result.Loss:F4}"),
                Invariant($"{result.Seconds:F0} s"),
                Invariant($"{result.StepMedianSeconds:G3} s"),
                ByteSize.Format(result.PeakMemoryBytes),
            ];
            page.Append(
                $"<tr{(loss is not null && loss.Best == best ? " class=\"best\"" : "")}>{string.Concat(cells.Select(cell => $"<td>{cell}</td>"))}</tr>\n"
            );
        }

        page.Append("</tbody></table></div>\n");
    }

    private void WriteDifferences()
    {
        var settings = runs.Select(run => RunSettings.All(run.Record)).ToList();
        var different = settings
            .SelectMany(all => all.Keys)
            .Distinct()
            .Where(name => settings.Select(all => all.GetValueOrDefault(name)).Distinct().Count() > 1)
            .ToList();
        page.Append("<h2>What was set differently</h2>\n");
        if (different.Count == 0)
        {
            page.Append("<p class=\"soft\">Nothing.</p>\n");
            return;
        }

        page.Append(
            $"<div class=\"scroll\"><table class=\"settings\"><thead><tr><th></th>{string.Concat(names.Select(name => $"<th>{Html(name)}</th>"))}</tr></thead><tbody>\n"
        );
        foreach (var name in different)
            page.Append(
                $"<tr><td class=\"soft\">{Html(name)}</td>{string.Concat(settings.Select(all => $"<td>{Html(all.GetValueOrDefault(name, ""))}</td>"))}</tr>\n"
            );
        page.Append("</tbody></table></div>\n");
    }

    private void WriteImages()
    {
        page.Append("<h2>Images in</h2>\n");
        foreach (
            var same in runs.Index()
                .GroupBy(run => string.Join(' ', run.Item.Record.Images.Select(image => image.Sha256)))
        )
            page.Append(
                $"{(AreComparable ? "" : $"<h3>{Html(string.Join(", ", same.Select(run => names[run.Index])))}</h3>\n")}{RunImages.Given(same.First().Item)}"
            );
        page.Append("<h2>Images out</h2>\n");
        var areAlike = runs.Select(run => run.Record.Result.Placeholder).Distinct().Count() == 1; // else the same prompt names another word in each run
        var prompts = runs.Index()
            .SelectMany(run =>
                run.Item.Samples.Select(sample =>
                    (
                        run.Index,
                        Sample: sample,
                        Asked: (
                            areAlike
                                ? sample.Prompt
                                : sample.Prompt.Replace(
                                    run.Item.Record.Result.Placeholder,
                                    "…",
                                    StringComparison.OrdinalIgnoreCase
                                ),
                            sample.Seed
                        )
                    )
                )
            )
            .GroupBy(painted => painted.Asked)
            .ToList();
        if (prompts.Count == 0)
            page.Append(
                "<p class=\"soft\">None of the runs painted any while training; <code>--sample-every 50</code> paints some.</p>\n"
            );
        foreach (var prompt in prompts)
        {
            page.Append($"<h3>{Html(prompt.Key.Item1)}, seed {prompt.Key.Seed}</h3>\n");
            foreach (var own in prompt.GroupBy(painted => painted.Index))
                page.Append(
                    $"<p class=\"soft runs\"><i style=\"background:var(--s{own.Key % 8})\"></i>{Html(names[own.Key])}</p>\n{RunImages.Strip(runs[own.Key], own.Select(painted => painted.Sample))}"
                );
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Html(string text) => HtmlPage.Text(text);
}
