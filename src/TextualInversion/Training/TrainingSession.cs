using System.Diagnostics;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using TextualInversion.Schedulers;
using TextualInversion.Training.Data;
using TextualInversion.Training.Stopping;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>
/// The state of a run of <see cref="Trainer"/>: the learner and its batches, the validations and their history, the
/// hashes of the frozen model, and step times. It decides when to save and to release memory.
/// </summary>
internal sealed class TrainingSession : IDisposable
{
    private const int StepsBetweenCollections = 32;

    // Each save writes a file and releases memory, which the next steps have to allocate again.
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(30);

    private readonly IDiffusionModel model;
    private readonly TrainOptions options;
    private readonly FrozenWeights frozenWeights;
    private readonly EmbeddingDiagnostics diagnostics;
    private readonly TrainHistory history;
    private readonly Validator? validator;
    private readonly List<double> stepSeconds = [];
    private readonly Stopwatch sinceSave = new();
    private readonly Stopwatch stepClock = new();

    /// <param name="model">The frozen model.</param>
    /// <param name="schedule">Its noise schedule.</param>
    /// <param name="options">Valid options.</param>
    /// <param name="concept">What to learn.</param>
    /// <param name="resumeFrom">
    /// The state of an earlier, unfinished run with the same options, or null to begin.
    /// </param>
    /// <param name="validating">See <see cref="Trainer.Validating"/>.</param>
    /// <exception cref="TextualInversionException">The state belongs to another run.</exception>
    public TrainingSession(
        IDiffusionModel model,
        NoiseSchedule schedule,
        TrainOptions options,
        Concept concept,
        TrainState? resumeFrom,
        Action<int, int>? validating
    )
    {
        (this.model, this.options) = (model, options);
        frozenWeights = new FrozenWeights(model, concept.Images.Vae);
        resumeFrom?.RequireSameWeights(frozenWeights.Before);
        var images = concept.Images;
        var trainTimesteps = schedule.Config.NumTrainTimesteps;
        var tokenizers = new PromptTokenizers(model.Tokenizers, concept.Placeholders);
        Batches = new BatchSampler(images, concept.Prompts, tokenizers, options, trainTimesteps);
        Learner = new Learner(model, schedule, concept, options);
        using (NewDisposeScope())
            diagnostics = new EmbeddingDiagnostics(model, concept.InitialRows());
        history = new TrainHistory(resumeFrom, model.Device);
        try
        {
            if (resumeFrom is not null)
            {
                Learner.Restore(resumeFrom);
                history.RequireShapes(Learner.Rows);
            }

            if (options.ValidateEvery > 0)
                validator = new Validator(
                    ValidationOf(images.Learned),
                    images.HeldOut is { } heldOut ? ValidationOf([heldOut]) : null
                );
        }
        catch
        {
            Dispose();
            throw;
        }

        ValidationSet ValidationOf(IReadOnlyList<int> chosen) =>
            new(
                Learner,
                new FixedExamples(images, concept.Prompts, tokenizers),
                FixedExamples.Choose(chosen, trainTimesteps),
                FixedExamples.AtOnce(images, options.BatchSize),
                validating
            );
    }

    public Learner Learner { get; }

    public BatchSampler Batches { get; }

    public DivergenceDetector Divergence { get; } = new();

    /// <summary>The steps of the whole run, including those before it was resumed.</summary>
    public int StepsDone => history.Losses.Count;

    /// <summary>The last steps of a run whose validation loss no longer improves, or null while it improves.</summary>
    public CoolDown? CoolDown => Stopping.CoolDown.Find(history.Validations, options.Patience, history.PatienceStart);

    /// <summary>Validates the initial vectors.</summary>
    public TrainProgress MeasureInitial() => CreateProgress(Validate());

    /// <summary>
    /// Saves the state on the first call, when a checkpoint is due, and when the last save is older than half a minute.
    /// </summary>
    public void SaveIfDue(Action<TrainState> save)
    {
        var isCheckpoint = options.CheckpointInterval > 0 && StepsDone % options.CheckpointInterval == 0;
        if (sinceSave.IsRunning && sinceSave.Elapsed < SaveInterval && !isCheckpoint)
            return;
        save(Capture());
        Allocator.Trim();
        sinceSave.Restart();
    }

    /// <summary>The current state. Its tensors are not copies: write them before the next step.</summary>
    public TrainState Capture() => history.Capture(Learner, frozenWeights.Before);

    /// <summary>Starts the clock of a step.</summary>
    public void BeginStep()
    {
        // Every tensor leaves a small managed object. If the runtime collects rarely, they take hundreds of MiB.
        if (StepsDone % StepsBetweenCollections == 0)
            GC.Collect(generation: 0);
        stepClock.Restart();
    }

    /// <summary>Records a step, and validates the vectors if a validation is due.</summary>
    public TrainProgress CompleteStep(double loss, double gradientNorm, double learningRate)
    {
        history.Add(loss);
        stepSeconds.Add(stepClock.Elapsed.TotalSeconds);
        var isDue = validator is not null && (StepsDone % options.ValidateEvery == 0 || StepsDone == options.Steps);
        return CreateProgress(isDue ? Validate() : null) with
        {
            Loss = loss,
            LearningRate = learningRate,
            GradientNorm = gradientNorm,
            StepSeconds = stepSeconds[^1],
        };
    }

    /// <summary>Validates the last vectors, checks that the model is unchanged, and returns the result.</summary>
    /// <exception cref="InvalidOperationException">The base model changed.</exception>
    public TrainerResult Finish(TrainingEnd end)
    {
        if (validator is not null && history.Validations[^1].Step != StepsDone)
            Validate();
        var best = Validation.Best(history.Validations);
        var rows = best is null ? Learner.Rows : history.BestRows;
        return new TrainerResult
        {
            End = end,
            Rows = Copies(rows),
            LastRows = Copies(Learner.Rows),
            Steps = StepsDone,
            BestStep = best?.Step ?? StepsDone,
            Validation = best is null ? null : validator!.Summary(history.Validations),
            Validations = [.. history.Validations],
            Loss = history.RecentLoss,
            StepMedianSeconds = stepSeconds.Order().ElementAtOrDefault(stepSeconds.Count / 2),
            Learned = diagnostics.Describe(rows),
            VocabularyNorms = diagnostics.VocabularyNorms,
            FrozenWeights = frozenWeights.RequireUnchanged(),
        };
    }

    public void Dispose()
    {
        validator?.Dispose();
        history.Dispose();
        diagnostics.Dispose();
        Learner.Dispose();
    }

    private Validation? Validate()
    {
        var validation = validator?.Measure(StepsDone);
        if (validation is not null)
            history.Add(validation, Learner.Rows);
        return validation;
    }

    private TrainProgress CreateProgress(Validation? validation) =>
        new()
        {
            Step = StepsDone,
            Steps = options.Steps,
            ValidationLoss = validation?.Loss,
            RelativeLoss = validation?.RelativeLoss,
            HeldOutLoss = validation?.HeldOut,
            Norms = EmbeddingDiagnostics.Norms(Learner.HostRows),
            Drift = diagnostics.Drift(Learner.HostRows),
            Nearest = validation is null ? null : diagnostics.Nearest(Learner.Rows),
            Rows = [.. Learner.HostRows.Select(RowValues.FromTensor)],
            GradientCheckpointing = model.UsesGradientCheckpointing,
        };

    private static List<Tensor> Copies(IReadOnlyList<Tensor> rows)
    {
        using var scope = NewDisposeScope();
        return [.. rows.Select(each => HostCopy.Of(each).clone().DetachFromDisposeScope())];
    }
}
