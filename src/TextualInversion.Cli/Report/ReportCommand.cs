using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Runs;
using TextualInversion.Cli.Terminal;
using TextualInversion.IO;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Report;

/// <summary><c>ti report</c>: one page that shows a run, or compares several.</summary>
internal sealed class ReportCommand : CommandBase
{
    private const string ComparisonName = "report.html";

    private readonly Argument<string[]> runs = EmbeddingArguments.Several(
        "RUN…",
        "Folders of finished runs, such as runs/my-cat or runs/*. Of a run of several seeds, the seeds are compared."
    );
    private readonly PathOption output = new("--output")
    {
        HelpName = "FILE.html",
        Description =
            $"The page to write. Default: for one run, {ComparisonName} in its folder, which is replaced; "
            + $"for several, {ComparisonName} in the current folder.",
    };
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> json = SharedOptions.Json();

    public ReportCommand()
        : base(
            "report",
            "Write an HTML page about a run, or one that compares several: losses, curves, settings that "
                + "differ, images."
        )
    {
        Arguments.Add(runs);
        AddGroup("Output", output, overwrite, json);
        SetAction(Run);
    }

    public override bool UsesTorch => false;

    public override IReadOnlyList<string> Examples =>
        ["ti report runs/my-cat", "ti report runs/my-cat runs/my-cat-2 --output cats.html"];

    private int Run(ParseResult parsed)
    {
        var messages = new ConsoleLog(parsed.InvocationConfiguration.Error, quiet: false);
        var folders = parsed.GetValue(runs)!.DistinctBy(RealPath.Of).ToList();
        var isOwn = folders.Count == 1 && parsed.GetValue(output) is null;
        var path = parsed.GetValue(output) ?? (isOwn ? RunFolder.ReportIn(folders[0]) : ComparisonName);
        var mayReplace = isOwn || parsed.GetValue(overwrite); // a run's own page is made from its folder alone
        OutputFile.RefuseToReplace(path, mayReplace, output.Name);
        var found = folders.Count == 1 ? Seeds(folders[0]) : FinishedRuns(folders, messages);
        var read = NamedRun.ReadAll(found);
        var page = Page(read);
        OutputFile.Write(path, mayReplace, output.Name, () => AtomicFile.WriteText(path, mayReplace, page));
        var result = parsed.GetValue(json)
            ? JsonOutput.Serialize(ReportJson.Of(path, read))
            : JsonOutput.Relative(path);
        parsed.InvocationConfiguration.Output.WriteLine(result);
        return 0;
    }

    private static string Page(IReadOnlyList<NamedRun> runs) =>
        runs.Count == 1 ? new RunReport(runs[0].Log).Write() : new RunComparison(runs).Write();

    /// <summary>The seeds of a run, or the run itself if it is of one seed.</summary>
    private static IReadOnlyList<string> Seeds(string folder) =>
        NamedRun.SeedsIn(folder) is { Count: > 0 } seeds ? seeds : [folder];

    /// <summary>Those of several folders that hold a finished run. The others are named in a warning each.</summary>
    /// <exception cref="TextualInversionException">No folder holds one.</exception>
    private static List<string> FinishedRuns(List<string> folders, ConsoleLog messages)
    {
        var finished = folders.Where(folder => Path.Exists(RunFolder.RecordIn(folder))).ToList();
        if (finished.Count == 0)
            _ = RunRecord.Read(folders[0]); // refuses, and says why
        foreach (var folder in folders.Except(finished))
            messages.Warn($"{folder}: {WhyNot(folder)}; skipped");
        return finished;
    }

    private static string WhyNot(string folder)
    {
        if (!Directory.Exists(folder))
            return File.Exists(folder) ? "is a file, not the folder of a run" : "no such folder";
        return RunFolder.StateToResume(folder) is var (state, _) && File.Exists(state)
            ? $"the run is not finished; resume it with ti train --resume {ShellCommand.Quote(folder)}"
            : "is not the folder of a run (it has no run.json)";
    }
}
