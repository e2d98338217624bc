using System.Diagnostics;
using System.Globalization;
using TextualInversion.Cli.Report;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train.Listeners;
using TextualInversion.Training.Data;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Train;

/// <summary><c>train --seeds N</c>: the same training with one seed after the other, each a run of its own within the run's folder; the one with the lowest validation loss is kept.</summary>
/// <param name="model">loaded once</param>
/// <param name="setup">that of the first seed</param>
/// <param name="images">encoded once</param>
/// <param name="output">the files of the whole</param>
/// <param name="command">the arguments that go on with the whole</param>
internal sealed class SeedRuns(
    TrainModel model,
    TrainSetup setup,
    LatentDataset images,
    TrainOutput output,
    IReadOnlyList<string> command
)
{
    /// <summary>What paints on the way, for a seed's setup and folder; null for nothing.</summary>
    public required Func<TrainSetup, RunFolder, SampleGenerator?> PainterOf { get; init; }

    /// <summary>Trains, and writes the best.</summary>
    /// <param name="count">of seeds</param>
    /// <param name="isResuming">whether with the runs that are there</param>
    /// <param name="print">given the record of the chosen one</param>
    /// <param name="messages">told how it goes</param>
    /// <param name="cancellationToken">ends the run at hand; the best so far is written</param>
    /// <returns>the exit code</returns>
    /// <exception cref="TextualInversionException">Nothing could be learned, or a file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before the first step.</exception>
    public int Execute(
        int count,
        bool isResuming,
        Action<TrainRecord> print,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var clock = Stopwatch.StartNew();
        if (!isResuming)
            output.Folder.DeleteRun();
        var records = new List<TrainRecord>();
        for (var i = 0; i < count && !cancellationToken.IsCancellationRequested; i++)
        {
            messages.Info($"seed {setup.Options.Seed + (ulong)i}, {i + 1} of {count}");
            if (
                RunSeed(setup.Options.Seed + (ulong)i, isResuming, isFirst: i == 0, messages, cancellationToken) is
                { } record
            )
                records.Add(record);
        }

        var best =
            records.MinBy(record => record.Validation!.Best) ?? throw new OperationCanceledException(cancellationToken);
        using (var files = output.OfSeed(best.Seed))
            output.Choose(files);
        var chosen = best.AsChosen(records, output, clock.Elapsed);
        output.Folder.WriteRecord(
            chosen.DisplayPath(model.Network.Device.ToString(), model.UsesGradientCheckpointing, command)
        );
        RunComparison.WriteTo(
            output.Folder.FolderPath,
            records.Select(record => RunFolder.SeedIn(output.Folder.FolderPath, record.Seed))
        );
        print(chosen);
        Show(records, best, messages);
        if (records.TrueForAll(record => record.End == TrainingEnd.Diverged))
            throw new TextualInversionException(
                $"With none of the {records.Count} seeds the loss, the gradient and the rows stayed finite; the best rows before were kept. Try a smaller --learning-rate or --precision fp32."
            );
        var isCancelled = records.Count < count || records[^1].End == TrainingEnd.Cancelled;
        messages.Info(
            isCancelled
                ? $"cancelled (go on with ti train --resume {output.RunPath})"
                : $"done; {RunFolder.ReportIn(output.RunPath)} compares the seeds. Paint with it: ti generate --prompt \"a painting of {setup.Placeholder.Name}\""
        );
        return isCancelled ? 130 : 0;
    }

    /// <returns>null where it was cancelled before it took a step and others did</returns>
    private TrainRecord? RunSeed(
        ulong seed,
        bool isResuming,
        bool isFirst,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var seedSetup = setup with { Options = setup.Options with { Seed = seed } };
        using var files = output.OfSeed(seed);
        using var resumeFrom = isResuming && files.HasState ? files.ReadState() : null;
        resumeFrom?.RequireSame(seedSetup.Identity);
        if (resumeFrom is not null)
            messages.Info($"going on after step {resumeFrom.Step}");
        try
        {
            return new TrainRun(model, seedSetup, images, files, command)
            {
                Painter = PainterOf(seedSetup, files.Folder),
            }.Execute(resumeFrom, Stopwatch.StartNew(), messages, cancellationToken);
        }
        catch (OperationCanceledException) when (!isFirst)
        {
            return null;
        }
    }

    private static void Show(List<TrainRecord> records, TrainRecord best, ConsoleLog messages)
    {
        var losses = records.ConvertAll(record => record.Validation!.Best);
        messages.Info($"{"seed", 12}  {"validation loss", 15}  {"of step", 7}  {"steps", 5}");
        foreach (var record in records)
        {
            var kept =
                record == best ? "  kept"
                : record.End == TrainingEnd.Diverged ? "  no longer finite"
                : "";
            messages.Info(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{record.Seed, 12}  {record.Validation!.Best, 15:F5}  {record.BestStep, 7}  {record.Steps, 5}{kept}"
                )
            );
        }

        if (losses.Count == 1)
            return;
        var mean = losses.Average();
        var deviation = Math.Sqrt(losses.Sum(loss => (loss - mean) * (loss - mean)) / (losses.Count - 1));
        messages.Info(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{"mean", 12}  {mean, 15:F5}  ± {deviation:F5} from seed to seed; the initializer has {best.Validation!.Initial:F5}"
            )
        );
    }
}
