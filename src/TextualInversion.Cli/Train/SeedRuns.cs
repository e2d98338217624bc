using System.Diagnostics;
using System.Globalization;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Report;
using TextualInversion.Cli.Runs;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train.Listeners;
using TextualInversion.Training;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Train;

/// <summary>
/// <c>train --seeds N</c>: the same training with consecutive seeds, each a run of its own in a folder of the run's;
/// the one with the lowest validation loss relative to an empty prompt is kept.
/// </summary>
/// <param name="job">What is trained. The model is loaded once, and the images are encoded once.</param>
/// <param name="output">The files of the whole.</param>
/// <param name="command">The arguments that resume the whole.</param>
internal sealed class SeedRuns(TrainingJob job, TrainOutput output, IReadOnlyList<string> command)
{
    private readonly List<RunRecord> records = [];

    /// <summary>The images to generate during training, or null for none.</summary>
    public SamplePlan? Samples { get; init; }

    /// <inheritdoc cref="TrainRun.Member"/>
    public ConceptsAtOnce.Member? Member { get; init; }

    /// <summary>Trains, and writes the best.</summary>
    /// <param name="isResuming">Whether the runs that exist are resumed.</param>
    /// <param name="messages">Receives the progress.</param>
    /// <param name="cancellationToken">Ends the run at hand. The best so far is written.</param>
    /// <returns>The record of the best.</returns>
    /// <exception cref="TextualInversionException">Nothing could be learned, or a file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was canceled before the first step.</exception>
    public RunRecord Execute(bool isResuming, ConsoleLog messages, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        if (!isResuming)
            output.Folder.DeleteRun();
        var count = job.Request.Seeds;
        for (var i = 0; i < count && !cancellationToken.IsCancellationRequested; i++)
        {
            var seed = job.Setup.Options.Seed + (ulong)i;
            messages.Info($"seed {seed}, {i + 1} of {count}");
            if (RunSeed(seed, isResuming, messages, cancellationToken) is { } record)
                records.Add(record);
        }

        var best = Best ?? throw new OperationCanceledException(cancellationToken);
        using (var files = output.OfSeed(best.Result.Seed))
            output.Choose(files);
        var whole = best with { Result = Whole(best.Result, clock.Elapsed) };
        whole.Write(output.Folder.FolderPath);
        var folders = records.Select(record => RunFolder.SeedIn(output.Folder.FolderPath, record.Result.Seed));
        RunComparison.WriteTo(output.Folder.FolderPath, folders);
        return whole;
    }

    /// <summary>Says how the runs ended.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="TextualInversionException">Every run diverged.</exception>
    public int ReportOutcome(ConsoleLog messages)
    {
        WriteTable(messages);
        if (records.TrueForAll(record => record.End == TrainingEnd.Diverged))
            throw new TextualInversionException(
                $"Training diverged with each of the {records.Count} seeds (NaN or infinity); the best "
                    + "embedding so far was saved. Try a smaller --learning-rate, or --precision fp32."
            );
        if (
            Best is { Result: { Validation: { } loss } result }
            && OutcomeWarning.Of(loss, result.BestStep, job.Setup) is { } warning
        )
            messages.Warn(warning);
        var isCancelled = records.Count < job.Request.Seeds || records[^1].End == TrainingEnd.Cancelled;
        messages.Info(
            isCancelled
                ? $"canceled; resume with ti train --resume {ShellCommand.Quote(output.RunPath)}"
                : $"done; {RunFolder.ReportIn(output.RunPath)} compares the seeds"
        );
        messages.Info($"generate with it: {output.GenerateCommand(job.Setup)}");
        return isCancelled ? ExitCode.Cancelled : ExitCode.Done;
    }

    private RunRecord? Best =>
        records.MinBy(record => record.Result.Validation?.RelativeLoss ?? double.PositiveInfinity);

    /// <summary>The validation loss of a run's best embedding; infinity where no validation gave a number.</summary>
    private static double BestLoss(RunRecord record) => record.Result.Validation?.Best ?? double.PositiveInfinity;

    /// <returns>The record, or null if it was canceled before its first step and there are others.</returns>
    private RunRecord? RunSeed(ulong seed, bool isResuming, ConsoleLog messages, CancellationToken cancellationToken)
    {
        var seedSetup = job.Setup.WithSeed(seed);
        using var files = output.OfSeed(seed);
        using var state = isResuming && files.HasState ? files.ReadState() : null;
        var run = new TrainRun(job, seedSetup, files, command) { Samples = Samples, Member = Member };
        try
        {
            return run.Execute(state, Stopwatch.StartNew(), messages, cancellationToken);
        }
        catch (OperationCanceledException) when (records.Count > 0)
        {
            return null;
        }
    }

    /// <summary>The result of the best as that of the whole.</summary>
    private TrainSummary Whole(TrainSummary best, TimeSpan duration) =>
        best with
        {
            Embedding = output.EmbeddingPath,
            Run = output.RunPath,
            Seconds = duration.TotalSeconds,
            Seeds = [.. records.Select(Summarize)],
        };

    private static SeedSummary Summarize(RunRecord record)
    {
        var result = record.Result;
        return new SeedSummary(
            result.Seed,
            result.Embedding,
            result.Run,
            record.End,
            result.Steps,
            result.BestStep,
            result.Loss,
            result.Validation,
            result.Seconds
        );
    }

    private void WriteTable(ConsoleLog messages)
    {
        if (messages.Quiet)
            return;
        var table = new PlainTable { Indent = 2 };
        foreach (var heading in new[] { "seed", "validation loss", "best step", "steps", "" })
            table.AddColumn(heading, wraps: false);
        foreach (var record in records)
        {
            var result = record.Result;
            var note =
                record.Result.Seed == Best!.Result.Seed ? "kept"
                : record.End == TrainingEnd.Diverged ? "diverged"
                : "";
            table.AddRow($"{result.Seed}", Loss(BestLoss(record)), $"{result.BestStep}", $"{result.Steps}", note);
        }

        var losses = records.ConvertAll(BestLoss).FindAll(double.IsFinite);
        if (losses.Count > 1)
        {
            var mean = losses.Average();
            var deviation = Math.Sqrt(losses.Sum(loss => (loss - mean) * (loss - mean)) / (losses.Count - 1));
            table.AddRow("mean", Loss(mean), "", "", $"std {Loss(deviation)} across seeds");
        }

        if (Best is { Result.Validation: { } loss })
            table.AddRow("initializer", Loss(loss.Initial));
        table.Write(messages.Error);
    }

    private static string Loss(double value) =>
        double.IsFinite(value) ? value.ToString("F5", CultureInfo.InvariantCulture) : "none";
}
