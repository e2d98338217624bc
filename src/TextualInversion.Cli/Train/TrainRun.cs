using System.Diagnostics;
using System.Globalization;
using TextualInversion.Cli.Report;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train.Listeners;
using TextualInversion.Training;
using TextualInversion.Training.Data;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Train;

/// <summary>One run of <c>ti train</c>: trains, writes what was learned and the record of it, and says how it went.</summary>
/// <param name="model">loaded; it is as it was after the run</param>
/// <param name="setup">what is learned</param>
/// <param name="images">encoded</param>
/// <param name="output">the run's files</param>
/// <param name="command">the arguments that go on with the run, which its state keeps</param>
internal sealed class TrainRun(
    TrainModel model,
    TrainSetup setup,
    LatentDataset images,
    TrainOutput output,
    IReadOnlyList<string> command
)
{
    /// <summary>Paints images on the way; null for none.</summary>
    public SampleGenerator? Painter { get; init; }

    /// <param name="resumeFrom">where the same run stopped; null to begin</param>
    /// <param name="clock">started with the run</param>
    /// <param name="messages">told how it goes</param>
    /// <param name="cancellationToken">ends the run after the batch at hand; what was learned is written</param>
    /// <exception cref="TextualInversionException">Nothing could be learned, or a file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before the first step.</exception>
    public TrainRecord Execute(
        TrainState? resumeFrom,
        Stopwatch clock,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        if (resumeFrom is null)
            output.Folder.DeleteSamples();
        using var result = Train(resumeFrom, messages, cancellationToken);
        if (result.Steps == 0 && result.End == TrainingEnd.Cancelled)
            throw new OperationCanceledException();
        if (result.End == TrainingEnd.WithoutGradient)
            throw new TextualInversionException(
                $"The gradient of {setup.Placeholder.Name} was zero in every step so far, so nothing can be learned; see that each prompt reaches it: one that is too long is cut off before it."
            );
        output.Write(setup, result);
        var record = new TrainRecord(setup, result, output, clock.Elapsed);
        output.Folder.WriteRecord(
            record.DisplayPath(model.Network.Device.ToString(), model.UsesGradientCheckpointing, command)
        );
        GenerateBestSamples(result, messages, cancellationToken);
        RunReport.WriteTo(output.Folder.FolderPath);
        return record;
    }

    /// <summary>Says how the run ended.</summary>
    /// <returns>the exit code</returns>
    /// <exception cref="TextualInversionException">Its numbers were no longer finite.</exception>
    public int ReportOutcome(TrainRecord record, ConsoleLog messages)
    {
        if (record.End == TrainingEnd.Diverged)
            throw new TextualInversionException(
                $"The loss, the gradient or a row is no finite number after step {record.Steps}; the best rows before it were kept. Try a smaller --learning-rate or --precision fp32."
            );
        if (record.Validation is { } loss)
            messages.Info(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"validation loss {loss.WithoutPrompts:F4} without a prompt, {loss.Initial:F4} with the initializer, {loss.Best:F4} with the rows of step {record.BestStep}, which are kept"
                )
            );
        if (record.Validation?.HeldOut is { } heldOut)
            messages.Info(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"of {setup.Images[^1].Path}, which was held out: {heldOut.WithoutPrompts:F4} without a prompt, {heldOut.Initial:F4} with the initializer, {heldOut.Best:F4} with the rows that are kept"
                )
            );
        var end = record.End switch
        {
            TrainingEnd.Cancelled =>
                $"cancelled after {record.Steps} steps (go on with ti train --resume {output.RunPath})",
            TrainingEnd.StoppedEarly => $"no longer improving after {record.Steps} steps",
            _ => "done",
        };
        messages.Info(
            $"{end}; {RunFolder.ReportIn(output.RunPath)} shows the run. Paint with it: ti generate --prompt \"a painting of {setup.Placeholder.Name}\""
        );
        return record.End == TrainingEnd.Cancelled ? 130 : 0;
    }

    /// <summary>The rows that are kept may be of a step at which nothing was painted.</summary>
    private void GenerateBestSamples(TrainerResult result, ConsoleLog messages, CancellationToken cancellationToken)
    {
        if (Painter is null || Painter.HasPainted(result.BestStep))
            return;
        messages.Info($"painting the rows of step {result.BestStep}, which are kept");
        Painter.Paint(result.BestStep, result.Rows, _ => { }, cancellationToken);
    }

    private TrainerResult Train(TrainState? resumeFrom, ConsoleLog messages, CancellationToken cancellationToken)
    {
        var listeners = new List<IRunListener>();
        try
        {
            listeners.Add(new MetricsListener(output.Folder, resumeFrom?.Step));
            var display = new StepDisplay(messages);
            listeners.Add(display);
            if (Painter is not null)
                listeners.Add(new SampleListener(Painter, display.ShowPainting, cancellationToken));
            var concept = new Concept(setup.Placeholder, setup.Start.Rows, images, setup.Prompts);
            var progress = new SynchronousProgress<TrainProgress>(step =>
                Notify(listener => listener.OnStepCompleted(step))
            );
            return new Trainer(model.Network, model.Noise, setup.Options).Run(
                concept,
                resumeFrom,
                Save,
                progress,
                cancellationToken
            );
        }
        finally
        {
            Notify(listener => listener.Dispose());
        }

        void Notify(Action<IRunListener> what)
        {
            foreach (var listener in listeners)
                what(listener);
        }

        void Save(TrainState state)
        {
            Notify(listener => listener.OnSaving());
            output.Save(setup, state, command);
        }
    }
}
