using System.CommandLine;
using System.Globalization;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Sweep.Work;
using TextualInversion.Cli.Terminal;
using TextualInversion.IO;

namespace TextualInversion.Cli.Sweep.Cluster;

/// <summary><c>ti sweep submit</c>: gives a sweep to a cluster.</summary>
internal sealed class SweepSubmitCommand : CommandBase
{
    private const int StandardTasks = 16;

    private readonly Argument<string> source = SweepArguments.Source();
    private readonly PathOption output = SweepArguments.Output();
    private readonly Option<bool> slurm = new("--slurm")
    {
        Description =
            "Submit a job array with sbatch, and a job that writes the report after it. Prints their ids. The scripts "
            + "and logs are in OUT/slurm.",
    };
    private readonly Option<bool> kubernetes = new("--kubernetes")
    {
        Description = "Print the manifest of an Indexed Job instead, for kubectl apply. Nothing is submitted.",
    };
    private readonly OptionalNumberOption<int> tasks = new("--tasks")
    {
        HelpName = "N",
        Description =
            "The number of tasks that share the cells. Each loads the model once. Default: "
            + $"{StandardTasks}, or one for each cell if there are fewer.",
    };
    private readonly OptionalNumberOption<int> limit = new("--array-limit")
    {
        HelpName = "N",
        Description = "The most tasks that run at the same time. Default: all.",
    };
    private readonly SlurmOptions slurmOptions = new();
    private readonly OneWordOption image = new("--image")
    {
        HelpName = "NAME",
        Description = "For --kubernetes: the container image with ti. Default: ti.",
    };
    private readonly Option<bool> json = SharedOptions.Json();

    public SweepSubmitCommand()
        : base("submit", "Submit a sweep to Slurm, or print a manifest for Kubernetes.")
    {
        Arguments.Add(source);
        AddGroup("Most used", slurm, kubernetes, output, tasks, limit);
        AddGroup("Slurm", slurmOptions.All);
        AddGroup("Kubernetes", image);
        AddGroup("Output", json);
        SetAction(Run);
    }

    public override bool UsesTorch => false;

    public override IReadOnlyList<string> Examples =>
        [
            "ti sweep submit samples/sweep.yaml --slurm --gres gpu:1 --time 4:00:00 --array-limit 8",
            "ti sweep submit samples/sweep.yaml --kubernetes > job.yaml",
        ];

    private int Run(ParseResult parsed)
    {
        if (parsed.GetValue(slurm) == parsed.GetValue(kubernetes))
            throw new UsageException("--slurm: choose either --slurm or --kubernetes.");
        foreach (var option in new[] { tasks, limit })
        {
            if (parsed.GetValue(option) is < 1)
                throw new UsageException($"{option.Name} {parsed.GetValue(option)}: must be at least 1.");
        }

        var lines = slurmOptions.Lines(parsed);
        var root = parsed.RootCommandResult.Command;
        var sweep = CheckedSweep.Read(root, parsed.GetValue(source)!, parsed.GetValue(output), device: null);
        var script = new SlurmScript
        {
            Name = NameOf(sweep.Folder),
            Program = WorkerProcesses.Command(),
            Source = sweep.Source,
            Output = Path.GetFullPath(sweep.Folder.FolderPath),
            Logs = SlurmJob.FolderIn(Path.GetFullPath(sweep.Folder.FolderPath)),
            Tasks = Math.Min(parsed.GetValue(tasks) ?? StandardTasks, sweep.Cells.Count),
            Limit = parsed.GetValue(limit),
            Lines = lines,
        };
        if (parsed.GetValue(kubernetes))
            parsed.InvocationConfiguration.Output.Write(
                KubernetesManifest.Write(
                    script.Name,
                    parsed.GetValue(image) ?? "ti",
                    script.Source,
                    script.Output,
                    script.Tasks,
                    script.Limit
                )
            );
        else
            SubmitToSlurm(parsed, sweep, script);
        return ExitCode.Done;
    }

    private static string NameOf(SweepFolder folder) =>
        string.Concat(
            Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder.FolderPath)))
                .Select(character => char.IsAsciiLetterOrDigit(character) ? character : '-')
        );

    private void SubmitToSlurm(ParseResult parsed, CheckedSweep sweep, SlurmScript script)
    {
        RefuseSecondJob(sweep.Folder);
        sweep.Folder.WritePlan(sweep.Cells);
        var job = Submit(script);
        job.Write(script.Output);
        parsed.InvocationConfiguration.Output.WriteLine(
            parsed.GetValue(json) ? JsonOutput.Serialize(job) : $"{job.Array} {job.Report}"
        );
        new ConsoleLog(parsed.InvocationConfiguration.Error, quiet: false).Info(
            $"job array {job.Array} with {Plural.Of(script.Tasks, "task")} for "
                + $"{Plural.Of(sweep.Cells.Count, "cell")}, then job {job.Report} writes the report; ti sweep status "
                + $"{ShellCommand.Quote(JsonOutput.Relative(script.Output))} shows how far it is"
        );
    }

    /// <exception cref="TextualInversionException">There is no Slurm here, or the sweep is submitted.</exception>
    private static void RefuseSecondJob(SweepFolder folder)
    {
        if (SlurmProgram.Run("sbatch", "--version") is null)
            throw new TextualInversionException(
                "sbatch: is not on this machine, so nothing can be submitted to Slurm; run this on a login node, or "
                    + "start workers with ti sweep --claim or --shard."
            );
        if (SlurmJob.Read(folder.FolderPath) is not { } earlier)
            return;
        var running = SlurmProgram.Run("squeue", "-h", "-j", $"{earlier.Array}");
        if (running is { ExitCode: 0, Output.Length: > 0 })
            throw new TextualInversionException(
                $"{folder.FolderPath}: is submitted already as job {earlier.Array}, which is not over; wait for it, "
                    + $"or end it with scancel {earlier.Array}."
            );
    }

    private static SlurmJob Submit(SlurmScript script)
    {
        var array = Path.Combine(script.Logs, "array.sbatch");
        var report = Path.Combine(script.Logs, "report.sbatch");
        AtomicFile.WriteText(array, overwrite: true, script.Array());
        AtomicFile.WriteText(report, overwrite: true, script.Report());
        var first = Sbatch(array);
        return new SlurmJob(first, Sbatch($"--dependency=afterany:{first}", report), script.Tasks);
    }

    private static long Sbatch(params IEnumerable<string> arguments)
    {
        var (exitCode, output, error) = SlurmProgram.Run("sbatch", arguments.Prepend("--parsable"))!.Value;
        return
            exitCode == 0
            && long.TryParse(output.Split(';')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id
            : throw new TextualInversionException($"sbatch refused the job: {(error.Length > 0 ? error : output)}");
    }
}
