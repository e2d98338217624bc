using System.Globalization;
using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.IO;

namespace TextualInversion.Cli.Sweep.Cluster;

/// <summary>The jobs of a sweep that was submitted, in the sweep's folder.</summary>
/// <param name="Array">The id of the job array.</param>
/// <param name="Report">The id of the job that writes the report.</param>
/// <param name="Tasks">The number of the array's tasks.</param>
internal sealed record SlurmJob(long Array, long Report, int Tasks)
{
    private const string Name = "job.json";

    /// <summary>The folder of the scripts, the logs and this file.</summary>
    public static string FolderIn(string sweep) => Path.Combine(sweep, "slurm");

    /// <summary>The job that was submitted last, or null.</summary>
    public static SlurmJob? Read(string sweep)
    {
        try
        {
            return JsonOutput.Deserialize<SlurmJob>(File.ReadAllText(Path.Combine(FolderIn(sweep), Name)));
        }
        catch (Exception error) when (error is JsonException || IoErrors.IsFileError(error))
        {
            return null;
        }
    }

    public void Write(string sweep) =>
        AtomicFile.WriteText(Path.Combine(FolderIn(sweep), Name), overwrite: true, JsonOutput.Serialize(this) + "\n");

    /// <summary>
    /// The tasks as Slurm knows them: from squeue those that wait or run, from sacct, if the cluster has it, those that
    /// ended. Empty where Slurm is not on this machine.
    /// </summary>
    public IReadOnlyList<SlurmTask> ReadTasks()
    {
        var tasks = new SortedDictionary<int, SlurmTask>();
        foreach (var line in Lines("sacct", "-n", "-P", "-X", "-j", $"{Array}", "-o", "JobID,State,NodeList"))
            Add(line.Split('|') is [var id, var state, var node] ? [id.Split('_')[^1], state, node] : []);
        foreach (var line in Lines("squeue", "-h", "-r", "-j", $"{Array}", "-o", "%K|%T|%N"))
            Add(line.Split('|'));
        return [.. tasks.Values];

        void Add(string[] fields)
        {
            if (
                fields is [var id, var state, var node]
                && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var task)
            )
                tasks[task] = new SlurmTask(task, state.Split(' ')[0], node is "None assigned" ? "" : node);
        }
    }

    private static string[] Lines(string program, params IEnumerable<string> arguments) =>
        SlurmProgram.Run(program, arguments) is { ExitCode: 0, Output: var output } ? output.Split('\n') : [];
}

/// <summary>A task of a job array.</summary>
/// <param name="Task">Its number, which is also that of its share of the cells.</param>
/// <param name="State">What Slurm calls its state, such as RUNNING.</param>
/// <param name="Node">The machine, or empty.</param>
internal sealed record SlurmTask(int Task, string State, string Node);
