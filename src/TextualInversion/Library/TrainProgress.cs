namespace TextualInversion;

/// <summary>
/// The values of a run after a step, or before the first. These are plain numbers that nothing changes later, safe to
/// keep and to use on another thread. With several text encoders, the lists hold the rows of the first encoder, then
/// those of the second.
/// </summary>
public sealed record TrainProgress
{
    /// <summary>Steps done, 0 before the first.</summary>
    public required int Step { get; init; }

    /// <summary>Steps of the whole run, if nothing ends it earlier.</summary>
    public required int Steps { get; init; }

    /// <summary>The training loss of the step, averaged over its batches. Null before the first step.</summary>
    public double? Loss { get; init; }

    /// <summary>The validation loss (see <see cref="ValidationPoint"/>), or null if no validation was due.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>The relative loss (see <see cref="ValidationPoint"/>), or null if no validation was due.</summary>
    public double? RelativeLoss { get; init; }

    /// <summary>The loss of the held-out image, or null if no validation was due or no image is held out.</summary>
    public double? HeldOutLoss { get; init; }

    /// <summary>The learning rate of the step. Null before the first step.</summary>
    public double? LearningRate { get; init; }

    /// <summary>
    /// The norm of the step's gradient over all rows, before it is clipped. Null before the first step.
    /// </summary>
    public double? GradientNorm { get; init; }

    /// <summary>The norm of each row.</summary>
    public required IReadOnlyList<double> Norms { get; init; }

    /// <summary>The distance of each row from its initial value.</summary>
    public required IReadOnlyList<double> Drift { get; init; }

    /// <summary>The word of the vocabulary nearest to each row, or null if no validation was due.</summary>
    public IReadOnlyList<NearWord>? Nearest { get; init; }

    /// <summary>The duration of the step in seconds, without the validation.</summary>
    public double StepSeconds { get; init; }

    /// <summary>
    /// Whether the step was computed with gradient checkpointing. It is switched on during the run if memory runs out
    /// and <see cref="TrainOptions.GradientCheckpointing"/> leaves the choice.
    /// </summary>
    public bool GradientCheckpointing { get; init; }

    /// <summary>The rows after the step, (n, d) for each text encoder. A copy.</summary>
    public required IReadOnlyList<float[,]> Rows { get; init; }
}
