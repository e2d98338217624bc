using TextualInversion.Models;
using TextualInversion.Schedulers;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>
/// Textual inversion (Gal et al. 2022): trains the embedding of one placeholder token on a few images. The model is
/// frozen.
/// </summary>
internal sealed class Trainer(IDiffusionModel model, NoiseSchedule schedule, TrainOptions options)
{
    /// <summary>Trains until the last step, until the embedding no longer improves, or until it is cancelled.</summary>
    /// <param name="concept">The placeholder token, its initial rows, the images and the prompts.</param>
    /// <param name="resumeFrom">
    /// The state of an earlier, unfinished run with the same options, or null to begin.
    /// </param>
    /// <param name="save">
    /// Receives the state before the first step, at regular intervals, and after the last step.
    /// </param>
    /// <param name="progress">
    /// Receives the initial values (not if the run is resumed), and those after each step.
    /// </param>
    /// <param name="cancellationToken">
    /// Ends the run before the next batch. The result holds what was learned so far.
    /// </param>
    /// <exception cref="TextualInversionException">
    /// An option is out of its range, or the state belongs to another run.
    /// </exception>
    /// <exception cref="InvalidOperationException">The base model changed.</exception>
    public TrainerResult Run(
        Concept concept,
        TrainState? resumeFrom,
        Action<TrainState> save,
        IProgress<TrainProgress> progress,
        CancellationToken cancellationToken
    )
    {
        options.Validate();
        using var session = new TrainingSession(model, schedule, options, concept, resumeFrom);
        if (resumeFrom is null)
            progress.Report(session.MeasureInitial());

        var end = TakeSteps(session, save, progress, cancellationToken);

        save(session.Capture());
        return session.Finish(end);
    }

    private TrainingEnd TakeSteps(
        TrainingSession session,
        Action<TrainState> save,
        IProgress<TrainProgress> progress,
        CancellationToken cancellationToken
    )
    {
        var learner = session.Learner;
        for (var step = session.StepsDone; step < options.Steps; step++)
        {
            session.SaveIfDue(save);
            if (session.ShouldStopEarly)
                return TrainingEnd.StoppedEarly;
            session.BeginStep();

            // Forward and backward: the gradients of the step's batches add up to their mean.
            var loss = 0.0;
            for (var i = 0; i < options.GradientAccumulationSteps; i++)
            {
                if (cancellationToken.IsCancellationRequested)
                    return TrainingEnd.Cancelled;
                using var scope = NewDisposeScope();
                var batchLoss = learner.Forward(session.Batches.Sample(step, i));
                learner.Backward(batchLoss);
                loss += batchLoss.item<float>();
            }

            loss /= options.GradientAccumulationSteps;

            var gradientNorm = learner.ClipGradients();
            if (session.Divergence.Check(loss, gradientNorm) is { } problem)
                return problem;

            var learningRate = LearningRate.At(options, step);
            if (!learner.Step(learningRate))
                return TrainingEnd.Diverged;

            progress.Report(session.CompleteStep(loss, gradientNorm, learningRate));
        }

        return TrainingEnd.Completed;
    }
}
