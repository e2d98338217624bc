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

    /// <summary>The cell is done.</summary>
    Finished,
}

/// <summary>The file in a claim that its worker writes again and again; see <see cref="ClaimBoard"/>.</summary>
/// <param name="Worker">The worker's name.</param>
/// <param name="Count">Rises with each beat.</param>
/// <param name="State">What the worker says.</param>
/// <param name="Host">The worker's machine, with its namespace of processes if there are several.</param>
/// <param name="Process">The worker's process.</param>
internal sealed record Heartbeat(string Worker, long Count, ClaimState State, string Host, int Process)
{
    private const string Name = "heartbeat.json",
        Namespace = "/proc/self/ns/pid"; // see pid_namespaces(7)

    private static readonly string ThisHost = HostName();

    /// <summary>Whether the process was one of this machine and has ended.</summary>
    [JsonIgnore]
    public bool IsOfDeadProcess => Host == ThisHost && !IsAlive(Process);

    public static Heartbeat Of(string worker, long count, ClaimState state) =>
        new(worker, count, state, ThisHost, Environment.ProcessId);

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

    private static bool IsAlive(int id)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false; // there is none of that number
        }
    }

    /// <summary>Containers of one machine may share its name, and number their processes alike.</summary>
    private static string HostName() =>
        File.Exists(Namespace) && new FileInfo(Namespace).LinkTarget is { } own
            ? $"{Environment.MachineName} {own}"
            : Environment.MachineName;
}
