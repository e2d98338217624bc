using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Sweep.Cluster;
using TextualInversion.Cli.Sweep.Plan;
using TextualInversion.Cli.Sweep.Work;
using TextualInversion.IO;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Sweep.Results;

/// <summary>How far a sweep is, from its files alone.</summary>
internal sealed record SweepStatus
{
    /// <summary>The sweep's folder, as an absolute path.</summary>
    public required string Sweep { get; init; }

    public required int Done { get; init; }

    public required int Started { get; init; }

    public required int Waiting { get; init; }

    public required int Failed { get; init; }

    public required IReadOnlyList<CellStatus> Cells { get; init; }

    /// <summary>The id of the job array, if the sweep was submitted to Slurm.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SlurmJob { get; init; }

    /// <summary>The array's tasks as Slurm knows them; empty where Slurm is not on this machine.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<SlurmTask>? SlurmTasks { get; init; }

    /// <exception cref="TextualInversionException">It is not the folder of a sweep, or cannot be read.</exception>
    public static SweepStatus Read(SweepFolder folder)
    {
        var cells = folder.ReadPlan().Select(cell => CellStatus.Read(folder, cell)).ToList();
        var job = Cluster.SlurmJob.Read(folder.FolderPath);
        int Count(CellState state) => cells.Count(cell => cell.State == state);
        return new SweepStatus
        {
            Sweep = Path.GetFullPath(folder.FolderPath),
            Done = Count(CellState.Done),
            Started = Count(CellState.Started),
            Waiting = Count(CellState.Waiting),
            Failed = Count(CellState.Failed),
            Cells = cells,
            SlurmJob = job?.Array,
            SlurmTasks = job?.ReadTasks(),
        };
    }

    /// <summary>The counts in one line.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Plural.Of(Cells.Count, "cell")}: {Done} done, {Started} started, {Waiting} waiting, {Failed} failed; "
                + $"{Cells.Count(cell => cell.IsRunning)} running now"
        );
}

/// <summary>How far a cell is.</summary>
internal sealed record CellStatus : IScoredCell
{
    private const int TailBytes = 8192; // holds the last line of metrics.csv

    public required string Name { get; init; }

    public required string Placeholder { get; init; }

    public required ulong Seed { get; init; }

    public required CellState State { get; init; }

    /// <summary>The last step that was written down, or null if there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Step { get; init; }

    /// <summary>The same as in the report, see <see cref="CellResult.Score"/>; null unless the cell is done.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Score { get; init; }

    /// <summary>Image similarity by <c>ti eval</c>; null unless the cell was evaluated.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ImageSimilarity { get; init; }

    /// <summary>Whether a training writes to its folder now, on this machine, or a worker has claimed it.</summary>
    public required bool IsRunning { get; init; }

    /// <summary>The worker that has claimed it, or null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Worker { get; init; }

    /// <summary>How long ago that worker gave its last sign of life, by the clock of this machine, or null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? HeartbeatAgeSeconds { get; init; }

    /// <summary>Whether its worker was a process of this machine and ended without finishing it.</summary>
    public required bool WorkerIsGone { get; init; }

    /// <summary>The embedding's absolute path; the file exists if the cell is done.</summary>
    public required string Embedding { get; init; }

    /// <summary>The absolute path of its run's folder.</summary>
    public required string Run { get; init; }

    /// <summary>Why it failed, or null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Problem { get; init; }

    public static CellStatus Read(SweepFolder folder, SweepCell cell)
    {
        var state = folder.StateOf(cell);
        var run = folder.RunOf(cell.Name);
        var isOpen = state is CellState.Started or CellState.Failed;
        var holder = state is CellState.Done ? null : ClaimBoard.HolderOf(folder.ClaimsPath, cell.Name);
        var isGone = holder?.Beat.IsOfDeadProcess == true;
        var isClaimed = holder is not null && !isGone;
        var isRunning = isClaimed || (state is not CellState.Done && RunFolder.IsInUse(run));
        return new CellStatus
        {
            Name = cell.Name,
            Placeholder = cell.Placeholder,
            Seed = cell.Seed,
            State = state,
            Step = isOpen ? LastStep(RunFolder.MetricsIn(run)) : null,
            Score = state is CellState.Done ? folder.ScoreOf(cell.Name) : null,
            ImageSimilarity = state is CellState.Done ? CellEvaluation.Find(folder, cell)?.ImageSimilarity : null,
            IsRunning = isRunning,
            Worker = isClaimed ? holder!.Value.Beat.Worker : null,
            HeartbeatAgeSeconds = isClaimed ? Math.Max(0, holder!.Value.Age.TotalSeconds) : null,
            WorkerIsGone = isGone && !isRunning,
            Embedding = Path.GetFullPath(folder.EmbeddingOf(cell.Name)),
            Run = Path.GetFullPath(run),
            Problem = state == CellState.Failed ? folder.ErrorOf(cell.Name) ?? "training diverged" : null,
        };
    }

    private static int? LastStep(string metrics)
    {
        try
        {
            using var stream = new FileStream(metrics, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            stream.Seek(-Math.Min(TailBytes, stream.Length), SeekOrigin.End);
            var tail = new byte[TailBytes];
            var text = Encoding.UTF8.GetString(tail, 0, stream.ReadAtLeast(tail, TailBytes, throwOnEndOfStream: false));
            var line = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "";
            return int.TryParse(line.Split(',')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var step)
                ? step
                : null;
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            return null;
        }
    }
}
