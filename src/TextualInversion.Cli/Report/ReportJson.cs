using TextualInversion.Training;

namespace TextualInversion.Cli.Report;

/// <summary>The document of <c>ti report --json</c>.</summary>
/// <param name="Report">The page's absolute path.</param>
/// <param name="Runs">The runs on it, in the order of the command line.</param>
internal sealed record ReportJson(string Report, IReadOnlyList<ReportJsonRun> Runs)
{
    public static ReportJson Of(string page, IEnumerable<NamedRun> runs) =>
        new(Path.GetFullPath(page), [.. runs.Select(ReportJsonRun.Of)]);
}

/// <summary>A run on the page.</summary>
internal sealed record ReportJsonRun
{
    /// <summary>The folder's absolute path.</summary>
    public required string Run { get; init; }

    public required string Placeholder { get; init; }

    public required string Model { get; init; }

    public required ulong Seed { get; init; }

    public required TrainingEnd End { get; init; }

    public required int Steps { get; init; }

    public required int BestStep { get; init; }

    public required double Loss { get; init; }

    public required ValidationSummary? Validation { get; init; }

    public static ReportJsonRun Of(NamedRun run)
    {
        var record = run.Log.Record;
        return new ReportJsonRun
        {
            Run = Path.GetFullPath(run.Folder),
            Placeholder = record.Result.Placeholder,
            Model = record.Result.Model,
            Seed = record.Result.Seed,
            End = record.End,
            Steps = record.Result.Steps,
            BestStep = record.Result.BestStep,
            Loss = record.Result.Loss,
            Validation = record.Result.Validation,
        };
    }
}
