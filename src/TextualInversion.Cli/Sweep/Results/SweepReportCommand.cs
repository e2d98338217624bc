using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Sweep.Work;
using TextualInversion.IO;

namespace TextualInversion.Cli.Sweep.Results;

/// <summary><c>ti sweep report</c>: one page that compares the cells of a sweep.</summary>
internal sealed class SweepReportCommand : CommandBase
{
    private readonly Argument<string> folder = SweepArguments.Begun();
    private readonly Option<bool> json = SharedOptions.Json();
    private readonly Option<bool> csv = new("--csv") { Description = "Print the table as comma-separated values." };

    public SweepReportCommand()
        : base(
            "report",
            "Write OUT/report.html: the cells of a sweep sorted by their score, with images and curves. The score is "
                + "the share by which the validation loss is below that of an empty prompt."
        )
    {
        Arguments.Add(folder);
        AddGroup("Output", json, csv);
        SetAction(Run);
    }

    public override bool UsesTorch => false;

    public override IReadOnlyList<string> Examples =>
        ["ti sweep report sweeps/demo", "ti sweep report sweeps/demo --csv"];

    private int Run(ParseResult parsed)
    {
        if (parsed.GetValue(json) && parsed.GetValue(csv))
            throw new UsageException("--csv: cannot be printed together with --json; choose one.");
        var sweep = new SweepFolder(parsed.GetValue(folder)!);
        var cells = CellResult.ReadAll(sweep);
        var page = Path.Combine(sweep.FolderPath, "report.html");
        AtomicFile.WriteText(page, overwrite: true, new SweepPage(sweep, cells).Write());
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json))
            output.WriteLine(JsonOutput.Serialize(new SweepReportJson(Path.GetFullPath(page), cells)));
        else if (parsed.GetValue(csv))
            output.Write(SweepCsv.Of(cells));
        else
            output.WriteLine(JsonOutput.Relative(page));
        return ExitCode.Done;
    }
}

/// <summary>The document of <c>ti sweep report --json</c>.</summary>
/// <param name="Report">The page's absolute path.</param>
/// <param name="Cells">The cells in the order of the page.</param>
internal sealed record SweepReportJson(string Report, IReadOnlyList<CellResult> Cells);
