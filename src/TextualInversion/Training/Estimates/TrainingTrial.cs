using System.Diagnostics;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;
using TextualInversion.Training.Data;
using TextualInversion.Training.Stopping;
using static TorchSharp.torch;

namespace TextualInversion.Training.Estimates;

/// <summary>
/// The outcome of a few real steps whose result is discarded. It predicts how long a run takes, and whether training
/// works.
/// </summary>
/// <param name="StepSeconds">The median duration of a step.</param>
/// <param name="ValidationSeconds">The duration of a validation; 0 if there are none.</param>
/// <param name="IsFinite">Whether all losses and gradients were finite.</param>
/// <param name="HasGradient">Whether any gradient reached the vectors.</param>
internal sealed record TrainingTrial(double StepSeconds, double ValidationSeconds, bool IsFinite, bool HasGradient)
{
    private const int MostBatches = 10;
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Takes one batch that is not measured, since it also pays for initialization, then measures batches for five
    /// seconds: at least one, at most ten.
    /// </summary>
    /// <param name="model">The frozen model.</param>
    /// <param name="schedule">The model's noise schedule.</param>
    /// <param name="options">The options of the run.</param>
    /// <param name="concept">What to learn. Its vectors are not changed.</param>
    /// <param name="cancellationToken">Checked before each batch.</param>
    /// <exception cref="OperationCanceledException">The trial was canceled.</exception>
    public static TrainingTrial Run(
        IDiffusionModel model,
        NoiseSchedule schedule,
        TrainOptions options,
        Concept concept,
        CancellationToken cancellationToken
    )
    {
        var clock = new Stopwatch();
        var set = concept.Images;
        var tokenizers = new PromptTokenizers(model.Tokenizers, concept.Placeholders);
        var trainTimesteps = schedule.Config.NumTrainTimesteps;
        var batches = new BatchSampler(set, concept.Prompts, tokenizers, options, trainTimesteps);
        using var learner = new Learner(model, schedule, concept, options);
        var (seconds, isFinite, hasGradient) = (new List<double>(), true, false);
        for (var number = 0; number <= MostBatches && (number < 2 || seconds.Sum() < Budget.TotalSeconds); number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            clock.Restart();
            var loss = learner.Forward(batches.Sample(number));
            learner.Backward(loss);
            var (batchLoss, norm) = learner.ClipGradients([loss]);
            if (number > 0)
                seconds.Add(clock.Elapsed.TotalSeconds);
            isFinite &= double.IsFinite(batchLoss) && double.IsFinite(norm);
            hasGradient |= norm > 0;
        }

        var step = seconds.Order().ElementAt(seconds.Count / 2) * options.GradientAccumulationSteps;
        var validation = options.ValidateEvery == 0 ? 0 : SecondsPerExample() * ExamplesPerValidation();
        return new TrainingTrial(step, validation, isFinite, hasGradient);

        double SecondsPerExample()
        {
            var examples = new FixedExamples(set, concept.Prompts, tokenizers);
            var chosen = FixedExamples.Choose(set.Learned, trainTimesteps);
            using var batch = examples.InBatches(chosen, FixedExamples.AtOnce(set, options.BatchSize)).First();
            clock.Restart();
            var losses = learner.EvaluateEach(batch, learner.Rows);
            return clock.Elapsed.TotalSeconds / losses.Length;
        }

        int ExamplesPerValidation() =>
            FixedExamples.Choose(set.Learned, trainTimesteps).Count
            + (set.HeldOut is { } heldOut ? FixedExamples.Choose([heldOut], trainTimesteps).Count : 0);
    }

    /// <summary>
    /// Predicts the duration of a whole run in seconds, from the first step to the last, if nothing ends it early.
    /// </summary>
    public double Seconds(TrainOptions options)
    {
        // Before the first step, with and without prompts; then at regular intervals, and after the last step.
        var validations =
            options.ValidateEvery == 0 ? 0 : 2 + ((options.Steps + options.ValidateEvery - 1) / options.ValidateEvery);
        return (options.Steps * StepSeconds) + (validations * ValidationSeconds);
    }
}
