using System.Diagnostics;
using System.Globalization;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Report;
using TextualInversion.Cli.Runs;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train.Listeners;
using TextualInversion.Native;
using TextualInversion.Training;
using TextualInversion.Training.RunFiles;
using TorchSharp;

namespace TextualInversion.Cli.Train;

/// <summary>One run of <c>ti train</c>: trains, writes the embedding and the record, and reports the outcome.</summary>
/// <param name="job">The training, with its model.</param>
/// <param name="setup">The job's setup, or the same with another seed.</param>
/// <param name="output">The run's files.</param>
/// <param name="command">The arguments to repeat the run with. They are saved with its state.</param>
internal sealed class TrainRun(TrainingJob job, TrainSetup setup, TrainOutput output, IReadOnlyList<string> command)
{
    /// <summary>The images to generate during training, or null for none.</summary>
    public SamplePlan? Samples { get; init; }

    /// <summary>Shares U-Net batches with other concepts; null to train alone.</summary>
    public ConceptsAtOnce.Member? Member { get; init; }

    /// <param name="state">The state of the same run, if it is resumed, or null to begin.</param>
    /// <param name="clock">A clock that was started with the command.</param>
    /// <param name="messages">Receives the progress.</param>
    /// <param name="cancellationToken">Ends the run after the current batch. The embedding is written.</param>
    /// <exception cref="TextualInversionException">
    /// Nothing could be learned, the state is of another run, or a file cannot be written.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was canceled before the first step.</exception>
    public RunRecord Execute(
        TrainState? state,
        Stopwatch clock,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var resumeFrom = state is null ? null : ResumedRun.Resume(state, setup, messages);
        if (resumeFrom is null)
            output.Folder.DeleteSamples();
        var samples = Samples is null
            ? null
            : new SampleGenerator(job.Model, setup, job.Request.Model, Samples, output, messages.Warn);
        using var result = Train(resumeFrom, samples, messages, cancellationToken);
        if (result.Steps == 0 && result.End == TrainingEnd.Cancelled)
            throw new OperationCanceledException();
        result.RequireGradient(setup.Names);
        output.Write(setup, result);
        var extendedAfter = resumeFrom is { PatienceStart: > 0 and var start } ? start : (int?)null;
        var record = new RunRecorder(job.Model, setup, output).Record(result, clock.Elapsed, command, extendedAfter);
        record.Write(output.Folder.FolderPath);
        if (samples is not null && !samples.HasGenerated(result.BestStep))
        {
            messages.Info($"generating images with the best embedding, that of step {result.BestStep}");
            samples.Generate(result.BestStep, result.Rows, _ => { }, cancellationToken);
        }

        RunReport.WriteTo(output.Folder.FolderPath);
        return record;
    }

    /// <summary>Prints how the run ended.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="TextualInversionException">The run diverged.</exception>
    public int ReportOutcome(RunRecord record, ConsoleLog messages)
    {
        var result = record.Result;
        if (record.End == TrainingEnd.Diverged)
            throw new TextualInversionException(
                $"Training diverged after step {result.Steps} (NaN or infinity); the best embedding so far was saved. "
                    + "Try a smaller --learning-rate, or --precision fp32."
            );
        if (result.Validation is { } loss)
        {
            messages.Info(Losses("validation loss", loss.WithoutPrompts, loss.Initial, loss.Best, result.BestStep));
            if (loss.HeldOut is { } held)
            {
                var image = $"held-out {setup.Images[^1].Path}";
                messages.Info(Losses(image, held.WithoutPrompts, held.Initial, held.Best, result.BestStep));
            }

            if (record.End != TrainingEnd.Cancelled && OutcomeWarning.Of(loss, result.BestStep, setup) is { } warning)
                messages.Warn(warning);
        }

        var end = record.End switch
        {
            TrainingEnd.Cancelled => $"canceled after {result.Steps} steps; resume with ti train --resume "
                + ShellCommand.Quote(output.RunPath),
            TrainingEnd.StoppedEarly => $"done: no longer improving after {result.Steps} steps",
            TrainingEnd.Completed => "done",
            _ => throw new ArgumentOutOfRangeException(nameof(record)),
        };
        messages.Info($"{end}; the report is {RunFolder.ReportIn(output.RunPath)}");
        messages.Info($"generate with it: {output.GenerateCommand(setup)}");
        return record.End == TrainingEnd.Cancelled ? ExitCode.Cancelled : ExitCode.Done;
    }

    private static string Losses(string what, double without, double initial, double best, int step) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: {without:F4} with an empty prompt, {initial:F4} with the initializer, {best:F4} with the "
                + $"best embedding (step {step})"
        );

    private TrainerResult Train(
        TrainState? resumeFrom,
        SampleGenerator? samples,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var listeners = new List<IRunListener>();
        try
        {
            listeners.Add(new MetricsListener(output.Folder, resumeFrom?.Step));
            var display = new StepDisplay(messages);
            listeners.Add(display);
            display.ShowStart(resumeFrom?.Step ?? 0, setup.Options.Steps);
            if (samples is not null)
                listeners.Add(new SampleListener(samples, display.ShowImage, cancellationToken));
            var progress = new SynchronousProgress<TrainProgress>(step =>
                Notify(listener => listener.OnStepCompleted(step))
            );
            var trainer = new Trainer(job.Model.Network, job.Model.Noise, setup.Options, Member)
            {
                Validating = (done, total) =>
                    display.ShowValidation(done, total, setup.Options.Steps, cancellationToken),
            };
            return trainer.Run(job.Concept, resumeFrom, Save, progress, cancellationToken);
        }
        catch (InsufficientMemoryException error)
        {
            throw new TextualInversionException(
                MemoryProblem.Message(
                    setup.Options,
                    setup.Precision,
                    job.Model.UsesGradientCheckpointing,
                    Member?.Concepts ?? 1,
                    output.KeepsState ? output.ResumePath : null,
                    advice: job.Model.Network.Device.type == DeviceType.CPU ? AddressLimit.Advice : ""
                ),
                error
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
