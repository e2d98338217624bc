using TextualInversion.Training.Stopping;

namespace TextualInversion.Training;

/// <summary>The learning-rate schedule.</summary>
internal static class LearningRate
{
    /// <summary>
    /// The learning rate of a step. It rises linearly to the peak during warm-up, then follows the schedule, and falls
    /// linearly to zero once the run no longer improves.
    /// </summary>
    /// <param name="options">The peak, the warm-up and the number of steps.</param>
    /// <param name="step">The step, counted from 0.</param>
    /// <param name="coolDown">The end of a run that no longer improves, or null.</param>
    public static double At(TrainOptions options, int step, CoolDown? coolDown)
    {
        if (coolDown is { } end)
            return At(options, Math.Min(step, end.Start), coolDown: null) * end.Share(step);
        if (step < options.WarmupSteps)
            return options.LearningRate * (step + 1) / options.WarmupSteps;
        var progress = (double)(step - options.WarmupSteps) / Math.Max(1, options.Steps - options.WarmupSteps);
        return options.LearningRate
            * options.Schedule switch
            {
                LearningRateSchedule.Constant => 1,
                LearningRateSchedule.Linear => 1 - progress,
                LearningRateSchedule.Cosine => Cosine(progress),
                _ => throw new ArgumentOutOfRangeException(nameof(options)),
            };
    }

    /// <summary>The share of the peak on a cosine, from 1 at a progress of 0 to 0 at 1.</summary>
    public static double Cosine(double progress) => 0.5 * (1 + Math.Cos(Math.PI * progress));
}
