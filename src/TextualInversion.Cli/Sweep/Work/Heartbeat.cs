using System.Text.Json;
using System.Text.Json.Serialization;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.IO;

namespace TextualInversion.Cli.Sweep.Work;

/// <summary>What a worker says about its claim.</summary>
internal enum ClaimState
{
    /// <summary>The worker trains the cell.</summary>
    Held,

    /// <summary>The worker ended without finishing the cell.</summary>
    GivenUp,

    /// <summary>The cell failed.</summary>
    Failed,

    /// <summary>The cell is done.</summary>
    Finished,
}

/// <summary>The file in a claim that its worker writes again and again; see <see cref="ClaimBoard"/>.</summary>
/// <param name="Worker">The worker's name.</param>
/// <param name="Count">Rises with each beat.</param>
/// <param name="State">What the worker says.</param>
/// <param name="Host">The worker's machine since its boot, with its namespace of processes if there are
/// several.</param>
/// <param name="Process">The worker's process.</param>
/// <param name="Started">When the process started, see <see cref="RunningProcess.IsAlive"/>; null if that is not
/// known.</param>
internal sealed record Heartbeat(
    string Worker,
    long Count,
    ClaimState State,
    string Host,
    int Process,
    long? Started = null
)
{
    private const string Name = "heartbeat.json",
        Namespace = "/proc/self/ns/pid", // see pid_namespaces(7)
        Boot = "/proc/sys/kernel/random/boot_id"; // see random(4)

    private static readonly string ThisHost = HostName();

    /// <summary>
    /// Whether the process was one of this machine and has ended. Nothing is concluded about other machines.
    /// </summary>
    [JsonIgnore]
    public bool IsOfDeadProcess => Host == ThisHost && !RunningProcess.IsAlive(Process, Started);

    public static Heartbeat Of(string worker, long count, ClaimState state) =>
        new(worker, count, state, ThisHost, Environment.ProcessId, RunningProcess.OwnStart);

    /// <summary>The heartbeat of a claim; null if it cannot be read.</summary>
    public static Heartbeat? Read(string claim)
    {
        try
        {
            return JsonOutput.Deserialize<Heartbeat>(File.ReadAllText(Path.Combine(claim, Name)));
        }
        catch (Exception error) when (error is JsonException || IoErrors.IsFileError(error))
        {
            return null;
        }
    }

    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public void Write(string claim)
    {
        var temporary = Path.Combine(claim, $".{Name}.tmp"); // of the claim's worker alone
        File.WriteAllText(temporary, JsonOutput.Serialize(this));
        File.Move(temporary, Path.Combine(claim, Name), overwrite: true);
    }

    /// <summary>How long ago a claim's heartbeat was written, by the clock of this machine.</summary>
    public static TimeSpan AgeOf(string claim) => DateTime.UtcNow - File.GetLastWriteTimeUtc(Path.Combine(claim, Name));

    /// <summary>
    /// Machines may share a name, such as localhost, and containers of one machine too; all number their processes
    /// alike.
    /// </summary>
    private static string HostName()
    {
        var space = File.Exists(Namespace) ? new FileInfo(Namespace).LinkTarget : null;
        return string.Join(' ', new[] { Environment.MachineName, space, ReadBoot() }.OfType<string>());
    }

    private static string? ReadBoot()
    {
        try
        {
            return File.ReadAllText(Boot).Trim();
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            return null; // not Linux
        }
    }
}
