using System.CommandLine;
using System.Globalization;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Sweep.Cluster;
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
        var sweep = CheckedSweep.Read(
            parsed.RootCommandResult.Command,
            parsed.GetValue(source)!,
            parsed.GetValue(output),
            parsed.GetValue(workers.Device)
        );
        var isCheck = parsed.GetValue(check);
        var processes = isCheck ? [] : workers.Processes(parsed, WorkerArguments(parsed, sweep.Folder));
        if (processes.Count > 0)
        {
            sweep.Folder.WritePlan(sweep.Cells);
            return await RunProcessesAsync(parsed, sweep.Folder, processes, messages, cancellationToken);
        }

        using var loaded = new TrainModels(models);
        if (isCheck || !workers.IsOneOfMany(parsed))
            await new SweepEstimate(loaded, sweep.Commands, sweep.Folder, messages).RunAsync(
                sweep.Missing,
                cancellationToken
            );
        if (isCheck)
            return ExitCode.Done;
        sweep.Folder.WritePlan(sweep.Cells);
        return await TrainAsync(parsed, sweep, loaded, messages, cancellationToken);
    }

    /// <summary>Trains in this process.</summary>
    private async Task<int> TrainAsync(
        ParseResult parsed,
        CheckedSweep sweep,
        TrainModels loaded,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var runner = new CellRunner(sweep.Commands, loaded, sweep.Folder, messages)
        {
            AtOnce = workers.AtOnce.Read(parsed),
        };
        var worker = new SweepWorker(runner, sweep.Folder, messages);
        try
        {
            await workers.RunAsync(parsed, worker, sweep.Folder, sweep.Cells, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            messages.Info("canceled; run the same command again to continue");
            Print(parsed, sweep.Folder);
            return ExitCode.Cancelled;
        }

        Print(parsed, sweep.Folder);
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
            .. workers.AtOnce.Read(parsed) is { } count
                ? [workers.AtOnce.Name, count.ToString(CultureInfo.InvariantCulture)]
                : Array.Empty<string>(),
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
