namespace TextualInversion.Training.Stopping;

/// <summary>Measures the rows on the images that are learned from, and on the one that is held out.</summary>
internal sealed class Validator : IDisposable
{
    private readonly Learner learner;
    private readonly ValidationSet learned;
    private readonly ValidationSet? heldOut;
    private readonly double learnedWithoutPrompts;
    private readonly double? heldOutWithoutPrompts;

    /// <param name="learner">whose rows</param>
    /// <param name="learned">examples of the images that are learned from</param>
    /// <param name="heldOut">examples of the one that is not; null where all are</param>
    public Validator(Learner learner, ValidationSet learned, ValidationSet? heldOut)
    {
        this.learner = learner;
        this.learned = learned;
        this.heldOut = heldOut;
        learnedWithoutPrompts = learned.LossWithoutPrompts(learner.Evaluate);
        heldOutWithoutPrompts = heldOut?.LossWithoutPrompts(learner.Evaluate);
    }

    /// <param name="step">steps done</param>
    public Validation Measure(int step) => new(step, learned.Loss(learner.Evaluate), heldOut?.Loss(learner.Evaluate));

    /// <param name="points">of the whole run, the first before the first step</param>
    public ValidationSummary Summary(IReadOnlyList<Validation> points)
    {
        var best = Validation.Best(points)!;
        return new ValidationSummary(learnedWithoutPrompts, points[0].Loss, best.Loss, points[^1].Loss)
        {
            HeldOut = heldOutWithoutPrompts is { } without
                ? new HeldOutSummary(without, points[0].HeldOut!.Value, best.HeldOut!.Value, points[^1].HeldOut!.Value)
                : null,
        };
    }

    public void Dispose()
    {
        learned.Dispose();
        heldOut?.Dispose();
    }
}
