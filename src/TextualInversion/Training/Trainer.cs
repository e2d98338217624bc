using System.Diagnostics;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using TextualInversion.Schedulers;
using TextualInversion.Training.Data;
using TextualInversion.Training.RunFiles;
using TextualInversion.Training.Stopping;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>Textual inversion (Gal et al. 2022): learns the rows of one placeholder from a few images, the model frozen.</summary>
internal sealed class Trainer(IDiffusionModel model, NoiseSchedule schedule, TrainOptions options)
{
    private const int StepsBetweenCollections = 32;

    // Memory that was handed back has to be faulted in again, and a state is a file: not too often.
    private static readonly TimeSpan StateSaveInterval = TimeSpan.FromSeconds(30);

    private readonly Dictionary<ModelPart, string> hashesBefore = [];
    private readonly Dictionary<string, FrozenHash> hashes = [];

    /// <param name="concept">what to learn</param>
    /// <param name="from">where another run of the same stopped; null to begin</param>
    /// <param name="save">told of where the run stands: before the first step, every so often, and after the last</param>
    /// <param name="progress">told of every step, and of where the run begins</param>
    /// <param name="cancellationToken">ends the run after the batch at hand; what was learned is kept</param>
    /// <exception cref="TextualInversionException">The state to go on from is another run's.</exception>
    /// <exception cref="InvalidOperationException">The base model changed.</exception>
    public TrainResult Run(
        Concept concept,
        TrainState? from,
        Action<TrainState> save,
        IProgress<TrainProgress> progress,
        CancellationToken cancellationToken
    )
    {
        options.Validate();
        var set = concept.Images;
        (hashesBefore[ModelPart.VaeEncoder], hashes[nameof(ModelPart.VaeEncoder)]) = (set.Vae.Before, set.Vae);
        var trainingParts = model.Parts.Where(part => part != ModelPart.VaeEncoder).ToList();
        trainingParts.ForEach(HashBefore);
        var tokenizers = new PromptTokenizers(model.Tokenizers, [concept.Placeholder]);
        var trainTimesteps = schedule.Config.NumTrainTimesteps;
        var batches = new BatchSampler(set, concept.Prompts, tokenizers, options, trainTimesteps);
        ValidationSet Examples(IReadOnlyList<int> of) =>
            new(set, of, concept.Prompts, tokenizers, options.Batch, trainTimesteps);
        using var learner = new Learner(model, schedule, concept.InitialRows, options);
        using var watch = new EmbeddingDiagnostics(model, concept.InitialRows);
        using var history = new TrainHistory(from, model.Device);
        var weights = hashesBefore.ToDictionary(pair => pair.Key.ToString(), pair => pair.Value);
        from?.RequireSameWeights(weights);
        if (from is not null)
            learner.Restore(from);
        using var validator =
            options.ValidateEvery == 0
                ? null
                : new Validator(learner, Examples(set.Learned), set.HeldOut is { } spared ? Examples([spared]) : null);
        if (validator is not null && from is null)
            history.Add(validator.Measure(0), learner.Rows);
        if (from is null)
            progress.Report(
                CreateProgress(learner, watch, history.Validations.Count == 0 ? null : history.Validations[0])
            );
        var health = new DivergenceDetector();
        var seconds = new List<double>();
        var sinceUpkeep = Stopwatch.StartNew();
        var end = TrainingEnd.Completed;
        for (var step = history.Losses.Count; step < options.Steps; step++)
        {
            if (
                seconds.Count == 0
                || sinceUpkeep.Elapsed >= StateSaveInterval
                || (options.SaveEvery > 0 && step % options.SaveEvery == 0)
            )
            {
                save(history.Capture(learner, weights));
                Allocator.Trim();
                sinceUpkeep.Restart();
            }

            // Tensors leave small objects behind. On servers the runtime would wait for hundreds of MiB of them, as much as the processor's cache.
            if (step % StepsBetweenCollections == 0)
                GC.Collect(generation: 0);
            if (EarlyStopping.ShouldStop(history.Validations, options.Patience))
            {
                end = TrainingEnd.StoppedEarly;
                break;
            }

            var clock = Stopwatch.StartNew();
            var loss = Accumulate(learner, batches, step, cancellationToken);
            if (cancellationToken.IsCancellationRequested)
            {
                end = TrainingEnd.Cancelled;
                break;
            }

            var gradientNorm = learner.GradientNorm();
            var learningRate = LearningRate.At(options, step);
            var problem = health.Check(loss, gradientNorm);
            if (problem is null && !learner.Step(learningRate))
                problem = TrainingEnd.Diverged;
            if (problem is not null)
            {
                end = problem.Value;
                break;
            }

            history.Add(loss);
            seconds.Add(clock.Elapsed.TotalSeconds);
            var validation = IsDue(step + 1) ? validator?.Measure(step + 1) : null;
            if (validation is not null)
                history.Add(validation, learner.Rows);
            progress.Report(
                CreateProgress(learner, watch, validation) with
                {
                    Step = step + 1,
                    Loss = loss,
                    LearningRate = learningRate,
                    GradientNorm = gradientNorm,
                    StepSeconds = seconds[^1],
                }
            );
        }

        save(history.Capture(learner, weights));
        if (validator is not null && history.Validations[^1].Step != history.Losses.Count)
            history.Add(validator.Measure(history.Losses.Count), learner.Rows);
        trainingParts.ForEach(HashAfter);
        var best = Validation.Best(history.Validations);
        var kept = Copies(best is null ? learner.Rows : history.BestRows);
        return new TrainResult
        {
            End = end,
            Rows = kept,
            LastRows = Copies(learner.Rows),
            Steps = history.Losses.Count,
            BestStep = best?.Step ?? history.Losses.Count,
            Validation = best is null ? null : validator!.Summary(history.Validations),
            Loss = history.RecentLoss,
            StepMedianSeconds = seconds.Count == 0 ? 0 : seconds.Order().ElementAt(seconds.Count / 2),
            Learned = watch.Describe(kept),
            VocabularyNorms = watch.VocabularyNorms,
            BaseWeights = hashes,
        };
    }

    /// <summary>The batches of one step.</summary>
    /// <returns>their mean loss</returns>
    private double Accumulate(Learner learner, BatchSampler batches, int step, CancellationToken cancellationToken)
    {
        var loss = 0.0;
        for (var i = 0; i < options.Accumulate && !cancellationToken.IsCancellationRequested; i++)
        {
            using var scope = NewDisposeScope();
            loss += learner.Accumulate(batches.Draw((long)step * options.Accumulate + i, model.Device));
        }

        return loss / options.Accumulate;
    }

    private bool IsDue(int step) =>
        options.ValidateEvery > 0 && (step % options.ValidateEvery == 0 || step == options.Steps);

    private static List<Tensor> Copies(IReadOnlyList<Tensor> rows) =>
        [.. rows.Select(each => each.detach().to(ScalarType.Float32, CPU, copy: true).DetachFromDisposeScope())];

    /// <summary>What is known of the rows as they are, whatever the step.</summary>
    private TrainProgress CreateProgress(Learner learner, EmbeddingDiagnostics watch, Validation? validation) =>
        new()
        {
            Step = 0,
            Steps = options.Steps,
            ValidationLoss = validation?.Loss,
            HeldOutLoss = validation?.HeldOut,
            Norms = EmbeddingDiagnostics.Norms(learner.Rows),
            Drift = watch.Drift(learner.Rows),
            Nearest = validation is null ? null : watch.Nearest(learner.Rows),
            Rows = learner.Rows,
        };

    private void HashBefore(ModelPart part) => hashesBefore[part] = model.Hash(part);

    private void HashAfter(ModelPart part) =>
        hashes[part.ToString()] = FrozenHash.Of(part, hashesBefore[part], model.Hash(part));
}
