using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Stopping;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>Where a run stands after a step, or before the first. With several text encoders their rows come one after the other.</summary>
internal sealed record TrainProgress
{
    /// <summary>Steps done.</summary>
    public required int Step { get; init; }

    /// <summary>Steps in all.</summary>
    public required int Steps { get; init; }

    /// <summary>The step's loss, averaged over its batches; null before the first step.</summary>
    public double? Loss { get; init; }

    /// <summary>See <see cref="Validation"/>; null where none was due.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>See <see cref="Validation.HeldOut"/>; null where none was due or no image is held out.</summary>
    public double? HeldOutLoss { get; init; }

    /// <summary>The step's; null before the first step.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Length of the step's gradient over all rows; null before the first step.</summary>
    public double? GradientNorm { get; init; }

    /// <summary>The length of each row.</summary>
    public required IReadOnlyList<double> Norms { get; init; }

    /// <summary>The distance of each row from where it started.</summary>
    public required IReadOnlyList<double> Drift { get; init; }

    /// <summary>The word nearest to each row; null where no validation was due.</summary>
    public IReadOnlyList<NearWord>? Nearest { get; init; }

    /// <summary>How long the step took.</summary>
    public double StepSeconds { get; init; }

    /// <summary>(n, d) for each text encoder; the run's own, to be copied where they are kept.</summary>
    public required IReadOnlyList<Tensor> Rows { get; init; }
}

/// <summary>Why a run ended.</summary>
internal enum TrainingEnd
{
    /// <summary>All steps were taken.</summary>
    Completed,

    /// <summary>The validation loss did not improve any more.</summary>
    StoppedEarly,

    /// <summary>It was cancelled; the rows are those of the last whole step.</summary>
    Cancelled,

    /// <summary>The loss, the gradient or a row was not a finite number any more; the rows are those before that step.</summary>
    Diverged,

    /// <summary>The gradient was zero from the first step on, so that nothing can be learned.</summary>
    WithoutGradient,
}
