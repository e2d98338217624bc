namespace TextualInversion.Training.Stopping;

/// <summary>Validates the vectors on the training images, and on the held-out image if there is one.</summary>
internal sealed class Validator : IDisposable
{
    private readonly Learner learner;
    private readonly ValidationSet learned;
    private readonly ValidationSet? heldOut;
    private readonly double learnedWithoutPrompts;
    private readonly double? heldOutWithoutPrompts;

    /// <param name="learner">The learner whose vectors are validated.</param>
    /// <param name="learned">Examples of the training images.</param>
    /// <param name="heldOut">Examples of the held-out image, or null if no image is held out.</param>
    public Validator(Learner learner, ValidationSet learned, ValidationSet? heldOut)
    {
        this.learner = learner;
        this.learned = learned;
        this.heldOut = heldOut;
        learnedWithoutPrompts = learned.LossWithoutPrompts(learner.Evaluate);
        heldOutWithoutPrompts = heldOut?.LossWithoutPrompts(learner.Evaluate);
    }

    /// <summary>Validates the vectors after <paramref name="step"/> steps.</summary>
    public Validation Measure(int step) => new(step, learned.Loss(learner.Evaluate), heldOut?.Loss(learner.Evaluate));

    /// <param name="points">All validations of the run, the first before the first step.</param>
    public ValidationSummary Summary(IReadOnlyList<Validation> points)
    {
        var (first, best, last) = (points[0], Validation.Best(points)!, points[^1]);
        var summary = new ValidationSummary(learnedWithoutPrompts, first.Loss, best.Loss, last.Loss);
        if (heldOutWithoutPrompts is not { } without)
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
