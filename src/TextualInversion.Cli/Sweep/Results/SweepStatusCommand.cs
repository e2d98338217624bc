using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Sweep.Cluster;
using TextualInversion.Cli.Sweep.Work;
using TextualInversion.Cli.Terminal;
using static System.FormattableString;

namespace TextualInversion.Cli.Sweep.Results;

/// <summary><c>ti sweep status</c>: how far a sweep is.</summary>
internal sealed class SweepStatusCommand : CommandBase
{
    private const double SilentAfterSeconds = 90; // the default of --stale-after

    private readonly Argument<string> folder = SweepArguments.Begun();
    private readonly Option<bool> json = SharedOptions.Json();

    public SweepStatusCommand()
        : base(
            "status",
            "Show how far a sweep is: the cells that are running or failed, and the scores of those that are done."
        )
    {
        Arguments.Add(folder);
        AddGroup("Output", json);
        SetAction(Run);
    }

    public override bool UsesTorch => false;

    public override IReadOnlyList<string> Examples =>
        ["ti sweep status sweeps/demo", "ti sweep status sweeps/demo --json"];

    private int Run(ParseResult parsed)
    {
        var status = SweepStatus.Read(new SweepFolder(parsed.GetValue(folder)!));
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json))
            output.WriteLine(JsonOutput.Serialize(status));
        else
            Write(status, output);
        return ExitCode.Done;
    }

    private static void Write(SweepStatus status, TextWriter output)
    {
        output.WriteLine(status.ToString());
        if (status.SlurmJob is { } job)
            output.WriteLine($"Slurm job {job}: {Describe(status.SlurmTasks ?? [])}");
        var shown = status
            .Cells.Where(cell => cell.IsRunning || cell.WorkerIsGone || cell.State is not CellState.Waiting)
            .OrderBy(cell => cell.State is CellState.Done)
            .ThenByScore()
            .ToList();
        var table = new PlainTable { Indent = 2 }
            .AddColumn(wraps: false)
            .AddColumn(wraps: false)
            .AddColumn(wraps: false)
            .AddColumn();
        foreach (var cell in shown)
        {
            var state = cell.IsRunning ? "running" : cell.State.ToString().ToLowerInvariant();
            table.AddRow(cell.Name, state, Progress(cell), cell.Problem ?? Worker(cell));
        }

        if (shown.Count > 0)
            table.Write(output);
    }

    /// <summary>Who has the cell, or what became of it.</summary>
    private static string Worker(CellStatus cell)
    {
        if (cell.WorkerIsGone)
            return "its worker is gone; run the sweep again to go on";
        return cell.HeartbeatAgeSeconds > SilentAfterSeconds
            ? Invariant($"no sign of life from {cell.Worker} for {cell.HeartbeatAgeSeconds:F0} s, by this clock")
            : cell.Worker ?? "";
    }

    /// <summary>The score of a cell that is done, or its last step.</summary>
    private static string Progress(CellStatus cell)
    {
        if (cell.Step is { } step)
            return Invariant($"step {step}");
        var score = cell.Score is { } share ? $"score {Numbers.Percent(share)}" : "";
        return cell.ImageSimilarity is { } similarity
            ? Invariant($"image similarity {similarity:F3}, {score}").TrimEnd(' ', ',')
            : score;
    }

    /// <summary>How many tasks are in each state, and where those are that run.</summary>
    private static string Describe(IReadOnlyList<SlurmTask> tasks)
    {
        if (tasks.Count == 0)
            return "no task waits or runs, as far as squeue and sacct know";
        var states = tasks.CountBy(task => task.State.ToLowerInvariant()).Select(pair => $"{pair.Value} {pair.Key}");
        var nodes = tasks.Where(task => task is { State: "RUNNING", Node.Length: > 0 }).Select(task => task.Node);
        var where = string.Join(", ", nodes.Distinct().Order(StringComparer.Ordinal));
        return $"{string.Join(", ", states)}{(where.Length > 0 ? $" (on {where})" : "")}";
    }
}
