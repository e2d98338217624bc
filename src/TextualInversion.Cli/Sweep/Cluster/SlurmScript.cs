using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Sweep.Cluster;

/// <summary>The batch scripts of a sweep: a job array whose tasks share the cells, and a report after it.</summary>
internal sealed record SlurmScript
{
    /// <summary>The seconds before the time limit at which a task saves its state.</summary>
    private const int Grace = 90;

    private const int MostRestarts = 3;

    /// <summary>The sweep's name.</summary>
    public required string Name { get; init; }

    /// <summary>The command that starts <c>ti</c>.</summary>
    public required IReadOnlyList<string> Program { get; init; }

    /// <summary>The absolute path of the file or folder of the sweep.</summary>
    public required string Source { get; init; }

    /// <summary>The absolute path of the sweep's folder.</summary>
    public required string Output { get; init; }

    /// <summary>The absolute path of the folder of scripts and logs.</summary>
    public required string Logs { get; init; }

    public required int Tasks { get; init; }

    /// <summary>The most tasks that run at once, or null for all.</summary>
    public required int? Limit { get; init; }

    /// <summary>More options of sbatch.</summary>
    public required IReadOnlyList<string> Lines { get; init; }

    /// <summary>The script of the array.</summary>
    public string Array()
    {
        var command = ShellCommand.Quote([.. Program, "sweep", Source, "--output", Output]);
        return $$"""
            #!/bin/bash
            # One of {{Tasks}} tasks that share the cells of a sweep. Written by ti sweep submit.
            #SBATCH --job-name=ti-{{Name}}
            #SBATCH --array=0-{{Tasks - 1}}{{(Limit is null ? "" : $"%{Limit}")}}
            #SBATCH --output="{{Logs}}/%A_%a.log"
            #SBATCH --open-mode=append
            #SBATCH --requeue
            #SBATCH --signal=TERM@{{Grace}}
            {{string.Concat(Lines.Select(line => $"#SBATCH {line}\n"))}}
            # At SIGTERM, before the time limit or at a preemption, ti saves its state and ends with 130.
            srun --ntasks=1 {{command}} --shard "$SLURM_ARRAY_TASK_ID/{{Tasks}}"
            code=$?

            # 0: done. 1: a cell failed. 2: wrong usage. Else it was interrupted: go on from what is saved.
            if [ "$code" -gt 2 ]; then
                task=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
                if [ "$code" -eq 130 ] || [ "${SLURM_RESTART_COUNT:-0}" -lt {{MostRestarts}} ]; then
                    # Not if scancel ended it.
                    [ "$(squeue -h -j "$task" -o %T)" = RUNNING ] && scontrol requeue "$task" && sleep 60
                fi
            fi
            exit "$code"

            """;
    }

    /// <summary>The script of the report.</summary>
    public string Report() =>
        $"""
            #!/bin/bash
            # Writes the report of a sweep after its tasks. Written by ti sweep submit.
            #SBATCH --job-name=ti-{Name}-report
            #SBATCH --output="{Logs}/report.log"
            {string.Concat(Lines.Where(line => !line.StartsWith("--gres", StringComparison.Ordinal)).Select(line =>
                $"#SBATCH {line}\n"
            ))}
            {ShellCommand.Quote([.. Program, "sweep", "status", Output])}
            {ShellCommand.Quote([.. Program, "sweep", "report", Output])}

            """;
}
