using TextualInversion.Models;
using TextualInversion.Native;
using TextualInversion.Schedulers;
using TextualInversion.Training.Data;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>
/// Textual inversion (Gal et al. 2022): trains the embedding of one placeholder token on a few images. The model is
/// frozen.
/// </summary>
/// <param name="model">The frozen model.</param>
/// <param name="schedule">Its noise schedule.</param>
/// <param name="options">The options of the run.</param>
/// <param name="member">Shares U-Net batches with other concepts; null to train alone.</param>
internal sealed class Trainer(
    IDiffusionModel model,
    NoiseSchedule schedule,
    TrainOptions options,
    ConceptsAtOnce.Member? member = null
)
{
    /// <summary>
    /// Called before each forward pass of a validation with the number of examples that are measured, and of all: on a
    /// CPU, the validations before the first step take minutes.
    /// </summary>
    public Action<int, int>? Validating { get; init; }

    /// <summary>Trains until the last step, until the embedding no longer improves, or until it is canceled.</summary>
    /// <param name="concept">The placeholder token, its initial rows, the images and the prompts.</param>
    /// <param name="resumeFrom">
    /// The state of an earlier, unfinished run with the same options, or null to begin.
    /// </param>
    /// <param name="save">
    /// Receives the state before the first step, at regular intervals, after the last step, and if memory runs out.
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
    /// <exception cref="InsufficientMemoryException">
    /// Memory ran out. If a state was saved before, the run can be resumed from it.
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
        try
        {
            return RunSession(concept, resumeFrom, save, progress, cancellationToken);
        }
        catch (Exception error) when (error is not InsufficientMemoryException && OutOfMemory.Is(error))
        {
            throw new InsufficientMemoryException(error.Message, error);
        }
    }

    private TrainerResult RunSession(
        Concept concept,
        TrainState? resumeFrom,
        Action<TrainState> save,
        IProgress<TrainProgress> progress,
        CancellationToken cancellationToken
    )
    {
        using var session = new TrainingSession(model, schedule, options, concept, resumeFrom, Validating);
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
            var coolDown = session.CoolDown;
            if (step >= coolDown?.End)
                return TrainingEnd.StoppedEarly;
            session.BeginStep();

            double loss,
                gradientNorm;
            using (NewDisposeScope())
            {
                if (AccumulateOrCheckpoint(session, step, save, cancellationToken) is not { } losses)
                    return TrainingEnd.Cancelled;
                (loss, gradientNorm) = learner.ClipGradients(losses);
            }

            if (learner.SkipOverflow(gradientNorm))
            {
                progress.Report(session.CompleteStep(loss, gradientNorm, learningRate: 0));
                continue;
            }

            if (session.Divergence.Check(loss, gradientNorm) is { } problem)
                return problem;

            var learningRate = LearningRate.At(options, step, coolDown);
            if (!learner.Step(learningRate))
                return TrainingEnd.Diverged;

            progress.Report(session.CompleteStep(loss, gradientNorm, learningRate));
        }

        return TrainingEnd.Completed;
    }

    /// <summary>
    /// Calls <see cref="Accumulate"/>. If memory runs out for the batch of several concepts, tries again with fewer of
    /// them. If it runs out for one, turns on gradient checkpointing, which gives the same gradients, and tries again.
    /// If checkpointing is on already, or is turned off by the options, saves the state.
    /// </summary>
    /// <exception cref="InsufficientMemoryException">Memory ran out nevertheless.</exception>
    private List<Tensor>? AccumulateOrCheckpoint(
        TrainingSession session,
        int step,
        Action<TrainState> save,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            var hadCheckpointing = model.UsesGradientCheckpointing; // another concept may turn it on meanwhile
            try
            {
                return Accumulate(session, step, cancellationToken);
            }
            catch (SmallerBatchException)
            {
                session.Learner.DiscardGradients();
                Allocator.Trim();
                continue;
            }
            catch (Exception error) when (OutOfMemory.Is(error))
            {
                session.Learner.DiscardGradients();
                var maySwitch = options.GradientCheckpointing == GradientCheckpointing.Auto;
                if (!maySwitch || hadCheckpointing)
                {
                    save(session.Capture());
                    throw new InsufficientMemoryException(error.Message, error);
                }
            }

            model.UsesGradientCheckpointing = true;
            Allocator.Trim();
        }
    }

    /// <summary>
    /// Computes the losses of the step's batches and adds up their gradients, which gives the gradient of the mean
    /// loss.
    /// </summary>
    /// <returns>The losses, each a scalar on the device, or null if the run was canceled.</returns>
    private List<Tensor>? Accumulate(TrainingSession session, int step, CancellationToken cancellationToken)
    {
        var losses = new List<Tensor>();
        for (var i = 0; i < options.GradientAccumulationSteps; i++)
        {
            if (cancellationToken.IsCancellationRequested)
                return null;
            using var scope = NewDisposeScope();
            var batch = session.Batches.Sample(step, i);
            var loss = member?.Backward(model, session.Learner, batch) ?? Backward(session.Learner, batch);
            losses.Add(loss.detach().MoveToOuterDisposeScope());
        }

        return losses;
    }

    private static Tensor Backward(Learner learner, TrainingBatch batch)
    {
        var loss = learner.Forward(batch);
        learner.Backward(loss);
        return loss;
    }
}
