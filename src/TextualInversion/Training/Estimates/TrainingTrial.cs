using System.Diagnostics;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;
using TextualInversion.Training.Data;
using TextualInversion.Training.Stopping;
using static TorchSharp.torch;

namespace TextualInversion.Training.Estimates;

/// <summary>
/// A few real steps whose result is thrown away, to tell how long a run takes and whether it can learn at all.
/// </summary>
/// <param name="StepSeconds">the middle of the measured steps</param>
/// <param name="ValidationSeconds">of one validation</param>
/// <param name="IsFinite">whether loss and gradient were numbers</param>
/// <param name="HasGradient">whether any gradient reached the rows</param>
internal sealed record TrainingTrial(double StepSeconds, double ValidationSeconds, bool IsFinite, bool HasGradient)
{
    private const int MostBatches = 10;
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The first batch is not counted: what is loaded and planned in it is not in the others. Then for five seconds, at
    /// least one batch and at most ten.
    /// </summary>
    /// <param name="model">frozen</param>
    /// <param name="schedule">its noise</param>
    /// <param name="options">of the run</param>
    /// <param name="concept">to be learned; its rows stay as they are</param>
    /// <param name="cancellationToken">stops it</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
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
        var batches = new BatchSampler(
            set,
            concept.Prompts,
            new PromptTokenizers(model.Tokenizers, [concept.Placeholder]),
            options,
            schedule.Config.NumTrainTimesteps
        );
        using var learner = new Learner(model, schedule, concept.InitialRows, options);
        var (seconds, finite, gradient) = (new List<double>(), true, false);
        for (var number = 0; number <= MostBatches && (number < 2 || seconds.Sum() < Budget.TotalSeconds); number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            clock.Restart();
            var loss = learner.Forward(batches.Sample(number));
            learner.Backward(loss);
            var norm = learner.ClipGradients();
            if (number > 0)
                seconds.Add(clock.Elapsed.TotalSeconds);
            finite &= float.IsFinite(loss.item<float>()) && double.IsFinite(norm);
            gradient |= norm > 0;
        }

        var step = seconds.Order().ElementAt(seconds.Count / 2) * options.GradientAccumulationSteps;
        return new TrainingTrial(step, options.ValidateEvery == 0 ? 0 : Evaluation() * Passes(), finite, gradient);

        double Evaluation()
        {
            using var scope = NewDisposeScope();
            var batch = batches.Sample(0L);
            clock.Restart();
            learner.Evaluate(batch);
            return clock.Elapsed.TotalSeconds;
        }

        double Passes() =>
            (
                ValidationSet.Examples(set.Learned.Count, 1).Count
                + (set.HeldOut is null ? 0 : ValidationSet.Examples(1, 1).Count)
            ) / (double)options.BatchSize;
    }

    /// <summary>
    /// How long a whole run takes, without what comes before the first step: all its steps, should none end it earlier.
    /// </summary>
    public double Seconds(TrainOptions options)
    {
        // Before the first step, with and without prompts; then every so often, and after the last.
        var validations =
            options.ValidateEvery == 0 ? 0 : 2 + ((options.Steps + options.ValidateEvery - 1) / options.ValidateEvery);
        return (options.Steps * StepSeconds) + (validations * ValidationSeconds);
    }
}
