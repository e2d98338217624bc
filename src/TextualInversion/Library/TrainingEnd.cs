namespace TextualInversion;

/// <summary>Why a run ended.</summary>
public enum TrainingEnd
{
    /// <summary>All steps were taken.</summary>
    Completed,

    /// <summary>The validation loss no longer improved.</summary>
    StoppedEarly,

    /// <summary>It was canceled. The last embedding is that of the last whole step.</summary>
    Cancelled,

    /// <summary>
    /// The loss, the gradient or a row became NaN or infinite. The last embedding is that before this step.
    /// </summary>
    Diverged,

    /// <summary>The gradient was zero from the first step on, so nothing can be learned.</summary>
    WithoutGradient,
}
