using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Runs;
using TextualInversion.IO;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Report;

/// <summary><c>ti report</c>: one page that shows a run, or compares several.</summary>
internal sealed class ReportCommand : CommandBase
{
    private const string ComparisonName = "report.html";

    private readonly Argument<string[]> runs = EmbeddingArguments.Several(
        "RUN…",
        "Folders of runs that are over, such as runs/my-cat."
    );
    private readonly PathOption output = new("--output")
    {
        HelpName = "FILE.html",
        Description =
            $"Default: of one run the {ComparisonName} in its folder, made anew; of several {ComparisonName} here.",
    };
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> json = SharedOptions.Json();

    public ReportCommand()
        : base(
            "report",
            "Shows a run, or compares several, on one HTML page that opens anywhere: losses, curves, settings that differ, images side by side."
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
        var folders = parsed
            .GetValue(runs)!
            .DistinctBy(folder => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))
            .ToList();
        var own = folders.Count == 1 && parsed.GetValue(output) is null;
        var path = parsed.GetValue(output) ?? (own ? RunFolder.ReportIn(folders[0]) : ComparisonName);
        var mayReplace = own || parsed.GetValue(overwrite); // the run's own page is made from its folder alone
        AtomicFile.RefuseToReplace(path, mayReplace);
        var readings = folders.Select(RunLog.Read).ToList();
        var page = readings.Count == 1 ? new RunReport(readings[0]).Write() : new RunComparison(readings).Write();
        AtomicFile.WriteText(path, mayReplace, page);
        parsed.InvocationConfiguration.Output.WriteLine(
            parsed.GetValue(json) ? Summary(path, readings) : JsonOutput.Relative(path)
        );
        return 0;
    }

    private static string Summary(string path, IReadOnlyList<RunLog> readings) =>
        JsonOutput.Serialize(
            new
            {
                Report = JsonOutput.Relative(path),
                Runs = readings.Select(run => new
                {
                    Run = JsonOutput.Relative(run.Folder),
                    run.Record.Result.Placeholder,
                    run.Record.Result.Model,
                    run.Record.End,
                    run.Record.Result.Steps,
                    run.Record.Result.BestStep,
                    run.Record.Result.Loss,
                    run.Record.Result.Validation,
                }),
            }
        );
}
