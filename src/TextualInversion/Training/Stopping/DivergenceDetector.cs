namespace TextualInversion.Training.Stopping;

/// <summary>Detects divergence and vanishing gradients.</summary>
internal sealed class DivergenceDetector
{
    internal const int StepsWithoutGradient = 5;

    private int stepsWithoutGradient;
    private bool hadGradient;

    /// <summary>Checks the loss and the gradient norm of a step.</summary>
    /// <returns>Why the run has to end, or null if it can continue.</returns>
    public TrainingEnd? Check(double loss, double gradientNorm)
    {
        if (!double.IsFinite(loss) || !double.IsFinite(gradientNorm))
            return TrainingEnd.Diverged;
        hadGradient |= gradientNorm > 0;
        return hadGradient || ++stepsWithoutGradient < StepsWithoutGradient ? null : TrainingEnd.WithoutGradient;
    }
}
