namespace TextualInversion.Training.Stopping;

/// <summary>Sees when going on is pointless.</summary>
internal sealed class DivergenceDetector
{
    internal const int StepsWithoutGradient = 5;

    private int stepsWithoutGradient;
    private bool hadGradient;

    /// <param name="loss">of a step</param>
    /// <param name="gradientNorm">of the same step</param>
    /// <returns>why the run has to end; null where it has not</returns>
    public TrainingEnd? Check(double loss, double gradientNorm)
    {
        if (!double.IsFinite(loss) || !double.IsFinite(gradientNorm))
            return TrainingEnd.Diverged;
        hadGradient |= gradientNorm > 0;
        return hadGradient || ++stepsWithoutGradient < StepsWithoutGradient ? null : TrainingEnd.WithoutGradient;
    }
}
