using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;

namespace TextualInversion.Training.Stopping;

/// <summary>Validates the vectors on the training images, and on the held-out image if there is one.</summary>
internal sealed class Validator : IDisposable
{
    private readonly ValidationSet learned;
    private readonly ValidationSet? heldOut;

    /// <param name="learned">Examples of the training images.</param>
    /// <param name="heldOut">Examples of the held-out image, or null if no image is held out.</param>
    public Validator(ValidationSet learned, ValidationSet? heldOut) =>
        (this.learned, this.heldOut) = (learned, heldOut);

    /// <summary>
    /// The loss of the model alone on the training images, as in <see cref="ValidationSummary.WithoutPrompts"/>. It
    /// depends on neither the vectors nor the run's seed.
    /// </summary>
    /// <param name="model">The frozen model.</param>
    /// <param name="schedule">Its noise schedule.</param>
    /// <param name="options">The batch size.</param>
    /// <param name="concept">The images.</param>
    public static double LossWithoutPrompts(
        IDiffusionModel model,
        NoiseSchedule schedule,
        TrainOptions options,
        Concept concept
    )
    {
        using var learner = new Learner(model, schedule, concept, options);
        var tokenizers = new PromptTokenizers(model.Tokenizers, concept.Placeholders);
        using var set = new ValidationSet(
            learner,
            new FixedExamples(concept.Images, concept.Prompts, tokenizers),
            FixedExamples.Choose(concept.Images.Learned, schedule.Config.NumTrainTimesteps),
            FixedExamples.AtOnce(concept.Images, options.BatchSize)
        );
        return set.LossWithoutPrompts;
    }

    /// <summary>Validates the vectors after <paramref name="step"/> steps.</summary>
    public Validation Measure(int step)
    {
        var (loss, relative) = learned.Measure();
        return new Validation(step, loss, relative, heldOut?.Measure().Loss);
    }

    /// <param name="points">All validations of the run, the first before the first step.</param>
    public ValidationSummary Summary(IReadOnlyList<Validation> points)
    {
        var (first, best, last) = (points[0], Validation.Best(points)!, points[^1]);
        var summary = new ValidationSummary(learned.LossWithoutPrompts, first.Loss, best.Loss, last.Loss)
        {
            RelativeLoss = best.RelativeLoss,
        };
        if (heldOut?.LossWithoutPrompts is not { } without)
            return summary;
        return summary with { HeldOut = new HeldOutSummary(without, Held(first), Held(best), Held(last)) };
    }

    public void Dispose()
    {
        learned.Dispose();
        heldOut?.Dispose();
    }

    private static double Held(Validation point) => point.HeldOut ?? double.NaN;
}
