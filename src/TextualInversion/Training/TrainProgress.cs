using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>Where a run stands after a step.</summary>
/// <param name="Step">steps done</param>
/// <param name="Steps">steps in all</param>
/// <param name="Loss">the step's loss, averaged over its batches</param>
/// <param name="ValidationLoss">see <see cref="Validation"/>; null where none was due</param>
/// <param name="LearningRate">the step's</param>
/// <param name="GradientNorm">length of the gradient over all rows</param>
/// <param name="Norms">of each row; with several text encoders, one after the other</param>
/// <param name="Drift">distance of each row from where it started, in the same order</param>
/// <param name="StepSeconds">how long the step took</param>
/// <param name="Rows">(n, d) for each text encoder, as they are after the step; the run's own, to be copied where they are kept</param>
public sealed record TrainProgress(int Step, int Steps, double Loss, double? ValidationLoss, double LearningRate, double GradientNorm, IReadOnlyList<double> Norms, IReadOnlyList<double> Drift, double StepSeconds, IReadOnlyList<Tensor> Rows);

/// <summary>Why a run ended.</summary>
public enum TrainingEnd
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
