using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Runs;

/// <summary>A run that is over, read from its folder.</summary>
/// <param name="Folder">The run's folder, such as <c>runs/my-cat</c>.</param>
/// <param name="Record">What the run was and how it ended.</param>
/// <param name="Steps">Its numbers, step by step.</param>
/// <param name="Samples">The images generated during training, see <see cref="RunSample.Find"/>.</param>
internal sealed record RunLog(
    string Folder,
    RunRecord Record,
    IReadOnlyList<MetricsLine> Steps,
    IReadOnlyList<RunSample> Samples
)
{
    /// <summary>The folder's own name.</summary>
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder)));

    /// <summary>
    /// The validation losses by step: of the initial vectors, at regular intervals, and after the last step.
    /// </summary>
    public IReadOnlyList<(double Step, double Loss)> Validations
    {
        get
        {
            var measured = Steps
                .Where(line => line.ValidationLoss is not null)
                .Select(line => ((double)line.Step, line.ValidationLoss!.Value))
                .ToList();
            if (Record.Result.Validation is not { } summary)
                return measured;
            if (measured.Count == 0 || measured[0].Item1 > 0)
                measured.Insert(0, (0, summary.Initial));
            if (measured[^1].Item1 < Record.Result.Steps)
                measured.Add((Record.Result.Steps, summary.Final)); // a run that ended between two
            return measured;
        }
    }

    /// <exception cref="TextualInversionException">
    /// It is no run's folder, or a file of it is missing or damaged.
    /// </exception>
    public static RunLog Read(string folder) =>
        new(folder, RunRecord.Read(folder), MetricsTable.Read(RunFolder.MetricsIn(folder)), RunSample.Find(folder));
}
