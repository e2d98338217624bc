using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Sweep.Plan;
using TextualInversion.Cli.Sweep.Work;
using TextualInversion.Cli.Train;

namespace TextualInversion.Cli.Sweep;

/// <summary>The options of <c>ti sweep</c> that share the work among several processes.</summary>
/// <param name="variable">Gives the value of an environment variable.</param>
internal sealed class SweepWorkerOptions(Func<string, string?> variable)
{
    private const int MostJobs = 256;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly OptionalNumberOption<int> jobs = new("--jobs")
    {
        HelpName = "N",
        Description =
            "Train with N processes on this machine, each with its own copy of the model. On a CPU, divide the cores "
            + "with OMP_NUM_THREADS. Default: one for each of --devices, else 1.",
    };
    private readonly Option<string?> devices = new("--devices")
    {
        HelpName = "NAMES",
        Description =
            "The devices of the processes, such as cuda:0,cuda:1: the first process has the first, and so on.",
    };
    private readonly Option<Shard?> shard = new("--shard")
    {
        HelpName = "K/N",
        Description =
            "Train every Nth cell alone, beginning with cell K, counted from 0: for job arrays. Start N such "
            + "processes, with K from 0 to N - 1. auto/N takes K from SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX.",
        CustomParser = result => Shard.Parse(result, variable),
    };
    private readonly Option<bool> claim = new("--claim")
    {
        Description =
            "Share the cells with all other processes that were started with --claim and the same output, on this "
            + "machine or on others that see the same folder. If one dies, another continues its cell.",
    };
    private readonly NumberOption<int> staleAfter = new("--stale-after")
    {
        HelpName = "SECONDS",
        Minimum = 2,
        Maximum = 86_400,
        Description =
            "With --claim: after how long without a sign of life a process of another machine counts as dead. Those of "
            + "this machine are looked up. Default: 90.",
        DefaultValueFactory = _ => 90,
    };

    public Option<string?> Device { get; } =
        new("--device")
        {
            HelpName = "NAME",
            Description = "The device that computes, as in ti train. Default: auto.",
            CompletionSources = { "auto", "cpu", "cuda", "mps" },
        };

    /// <summary>How many cells share a U-Net batch.</summary>
    public ConceptsAtOnceOption AtOnce { get; } = new();

    public Option[] All => [AtOnce, jobs, devices, claim, shard, staleAfter];

    /// <summary>Whether the process ends when its input is closed; given to the processes of --jobs.</summary>
    public Option<bool> EndsWithInput { get; } =
        new("--end-with-input") { Description = "Cancel when stdin is closed.", Hidden = true };

    /// <exception cref="UsageException">Options contradict each other.</exception>
    public void RefuseContradictions(ParseResult parsed)
    {
        Option[] given = [.. new Option[] { jobs, shard, claim }.Where(parsed.IsGiven)];
        if (given.Length > 1)
            throw new UsageException($"{given[0].Name}: cannot be combined with {given[1].Name}; choose one.");
        if (parsed.IsGiven(devices) && (parsed.IsGiven(shard) || parsed.IsGiven(claim) || parsed.IsGiven(Device)))
            throw new UsageException($"{devices.Name}: is for {jobs.Name}; name one device with --device.");
        if (parsed.IsGiven(staleAfter) && !parsed.GetValue(claim))
            throw new UsageException($"{staleAfter.Name}: has no effect without {claim.Name}.");
        if (parsed.GetValue(jobs) is { } count and (< 1 or > MostJobs))
            throw new UsageException($"{jobs.Name} {count}: must be 1 to {MostJobs}.");
        if (parsed.GetValue(devices) is { } names && names.Split(',').Any(string.IsNullOrWhiteSpace))
            throw new UsageException($"{devices.Name} {names}: write names with commas, such as cuda:0,cuda:1.");
    }

    /// <summary>Whether other processes train other cells of the sweep.</summary>
    public bool IsOneOfMany(ParseResult parsed) => parsed.GetValue(claim) || parsed.GetValue(shard) is not null;

    /// <summary>The arguments of each process to start; none if this one does the work.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="arguments">The arguments that all have.</param>
    public IReadOnlyList<IReadOnlyList<string>> Processes(ParseResult parsed, IReadOnlyList<string> arguments)
    {
        var names = parsed.GetValue(devices)?.Split(',', StringSplitOptions.TrimEntries) ?? [];
        var count = parsed.GetValue(jobs) ?? names.Length;
        if (count <= 1 && names.Length == 0)
            return [];
        IReadOnlyList<string> Of(int number) =>
            [
                .. arguments,
                claim.Name,
                EndsWithInput.Name,
                .. names.Length > 0 ? [Device.Name, names[number % names.Length]]
                : parsed.GetValue(Device) is { } device ? [Device.Name, device]
                : Array.Empty<string>(),
            ];
        return [.. Enumerable.Range(0, count).Select(Of)];
    }

    /// <summary>Trains the cells that are this process's.</summary>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public async Task RunAsync(
        ParseResult parsed,
        SweepWorker worker,
        SweepFolder folder,
        IReadOnlyList<SweepCell> cells,
        CancellationToken cancellationToken
    )
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (parsed.GetValue(EndsWithInput))
            _ = CancelWithInputAsync(cancel);
        if (!parsed.GetValue(claim))
        {
            await worker.RunAsync(parsed.GetValue(shard)?.Of(cells) ?? cells, cancel.Token);
            return;
        }

        var stale = TimeSpan.FromSeconds(parsed.GetValue(staleAfter));
        NewBoard().RequireExclusion();
        await worker.RunClaimedAtOnceAsync(cells, NewBoard, Pause < stale / 4 ? Pause : stale / 4, cancel.Token);

        ClaimBoard NewBoard() =>
            new(folder.ClaimsPath, ClaimBoard.NewWorker(), TimeProvider.System) { StaleAfter = stale };
    }

    private static async Task CancelWithInputAsync(CancellationTokenSource cancel)
    {
        var buffer = new byte[64];
        await using var input = Console.OpenStandardInput();
        while (await input.ReadAsync(buffer) > 0) { }
        try
        {
            await cancel.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The work was over already.
        }
    }
}
