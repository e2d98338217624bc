using System.CommandLine;
using System.CommandLine.Parsing;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Sweep.Cluster;
using TextualInversion.Cli.Sweep.Plan;
using TextualInversion.Cli.Sweep.Results;
using TextualInversion.Cli.Sweep.Work;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train;

namespace TextualInversion.Cli.Sweep;

/// <summary><c>ti sweep</c>: trains many concepts, with several seeds and settings, on one loaded model.</summary>
internal sealed class SweepCommand : CommandBase
{
    private readonly Argument<string> source = SweepArguments.Source();
    private readonly PathOption output = SweepArguments.Output();
    private readonly Option<bool> check = new("--check")
    {
        Description = "Check the sweep and estimate its time and memory, without training or writing anything.",
    };
    private readonly SweepWorkerOptions workers;
    private readonly PathOption libtorch = SharedOptions.Libtorch();
    private readonly Option<bool> quiet = SharedOptions.Quiet();
    private readonly Option<bool> json = SharedOptions.Json();
    private readonly ModelLocator models;

    /// <param name="models">Finds models.</param>
    /// <param name="variable">Gives the value of an environment variable.</param>
    public SweepCommand(ModelLocator models, Func<string, string?> variable)
        : base(
            "sweep",
            "Train many concepts, with several seeds and settings, on one loaded model. Run it again after an "
                + "interruption: only what is missing is trained."
        )
    {
        this.models = models;
        workers = new SweepWorkerOptions(variable);
        Arguments.Add(source);
        Subcommands.Add(new SweepStatusCommand());
        Subcommands.Add(new SweepReportCommand());
        Subcommands.Add(new SweepSubmitCommand());
        AddGroup("Most used", output, check);
        AddGroup("Workers", workers.All);
        AddGroup("Machine", workers.Device, libtorch);
        AddGroup("Output", quiet, json);
        Options.Add(workers.EndsWithInput);
        SetAction(RunAsync);
    }

    public override IReadOnlyList<string> Examples =>
        ["ti sweep samples/sweep.yaml --output sweeps/demo", "ti sweep status sweeps/demo"];

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        workers.RefuseContradictions(parsed);
        var messages = new ConsoleLog(parsed.InvocationConfiguration.Error, parsed.GetValue(quiet));
        var root = parsed.RootCommandResult.Command;
        var file = parsed.GetValue(source)!;
        var spec = SweepFile.Read(file, CellCommands.Find(root));
        var folder = new SweepFolder(SweepArguments.Folder(parsed.GetValue(output), spec));
        var cells = SweepPlan.Cells(spec);
        var commands = new CellCommands(root, folder, parsed.GetValue(workers.Device));
        var requests = commands.Check(cells, file);
        var processes = parsed.GetValue(check) ? [] : workers.Processes(parsed, WorkerArguments(parsed, folder));
        if (processes.Count > 0)
        {
            folder.WritePlan(cells);
            return await RunProcessesAsync(parsed, folder, processes, messages, cancellationToken);
        }

        using var loaded = new TrainModels(models);
        if (!workers.IsOneOfMany(parsed))
        {
            var missing = cells.Zip(requests).Where(pair => folder.StateOf(pair.First.Name) != CellState.Done);
            var estimate = new SweepEstimate(loaded, messages);
            await estimate.RunAsync([.. missing.Select(pair => pair.Second)], cancellationToken);
        }

        if (parsed.GetValue(check))
            return ExitCode.Done;
        folder.WritePlan(cells);
        var worker = new SweepWorker(new CellRunner(commands, loaded, folder, messages), folder, messages);
        try
        {
            await workers.RunAsync(parsed, worker, folder, cells, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            messages.Info("canceled; run the same command again to continue");
            Print(parsed, folder);
            return ExitCode.Cancelled;
        }

        Print(parsed, folder);
        worker.ReportFailures();
        return worker.Failures.Count > 0 ? ExitCode.Problem : ExitCode.Done;
    }

    /// <summary>The arguments of a worker process, after <c>ti</c>.</summary>
    private List<string> WorkerArguments(ParseResult parsed, SweepFolder folder) =>
        [
            Name,
            parsed.GetValue(source)!,
            output.Name,
            folder.FolderPath,
            .. parsed.GetValue(libtorch) is { } native ? [libtorch.Name, native] : Array.Empty<string>(),
            .. parsed.GetValue(quiet) ? [quiet.Name] : Array.Empty<string>(),
        ];

    private async Task<int> RunProcessesAsync(
        ParseResult parsed,
        SweepFolder folder,
        IReadOnlyList<IReadOnlyList<string>> processes,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        await new WorkerProcesses(messages).RunAsync(processes, cancellationToken);
        Print(parsed, folder);
        var status = SweepStatus.Read(folder);
        messages.Info(status.ToString());
        if (cancellationToken.IsCancellationRequested)
        {
            messages.Info("canceled; run the same command again to continue");
            return ExitCode.Cancelled;
        }

        return status.Done == status.Cells.Count
            ? ExitCode.Done
            : throw new TextualInversionException(
                $"{Plural.Of(status.Cells.Count - status.Done, "cell")} of {status.Cells.Count} are not done; ti sweep "
                    + $"status {ShellCommand.Quote(folder.FolderPath)} shows why. Run the same command again to "
                    + "continue."
            );
    }

    private void Print(ParseResult parsed, SweepFolder folder)
    {
        var status = SweepStatus.Read(folder);
        var result = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json))
        {
            result.WriteLine(JsonOutput.Serialize(status));
            return;
        }

        foreach (var cell in status.Cells.Where(cell => cell.State == CellState.Done))
            result.WriteLine(JsonOutput.Relative(cell.Embedding));
    }
}
