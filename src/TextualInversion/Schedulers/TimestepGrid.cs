namespace TextualInversion.Schedulers;

/// <summary>
/// Computes a run's timesteps: arXiv 2305.08891, table 2, with the rounding of diffusers (numpy's linspace and arange).
/// </summary>
internal static class TimestepGrid
{
    /// <summary>The timesteps of a run, from noisy to clean.</summary>
    /// <param name="config">
    /// Gives the number of training timesteps and the offset of <see cref="TimestepSpacing.Leading"/>.
    /// </param>
    /// <param name="steps">The number of steps, from 1 to the number of training timesteps.</param>
    /// <param name="spacing">The folder's spacing, or the sampler's default if it names none.</param>
    /// <param name="points">
    /// The number of points of <see cref="TimestepSpacing.Linspace"/> and <see cref="TimestepSpacing.Leading"/>. The
    /// lowest points after <paramref name="steps"/> are left out.
    /// </param>
    /// <exception cref="TextualInversionException"><paramref name="steps"/> is out of range.</exception>
    public static double[] Descending(SchedulerConfig config, int steps, TimestepSpacing spacing, int points)
    {
        var count = config.NumTrainTimesteps;
        if (steps < 1 || steps > count)
            throw TextualInversionException.ForParameter(
                nameof(GenerateOptions.Steps),
                $"{steps}: choose a number from 1 to {count}."
            );
        var highest = points - 1;
        var evenStride = highest == 0 ? 0 : (count - 1.0) / highest;
        // numpy's arange takes the rounded difference of its first two values.
        var trailingStride = count - (count - ((double)count / steps));
        return
        [
            .. Enumerable
                .Range(0, steps)
                .Select(i =>
                    spacing switch
                    {
                        TimestepSpacing.Leading => ((highest - i) * (count / points)) + config.StepsOffset,
                        TimestepSpacing.Trailing => Math.Round(count - (i * trailingStride)) - 1,
                        TimestepSpacing.Linspace => (highest - i) * evenStride,
                        _ => throw new ArgumentOutOfRangeException(nameof(spacing), spacing, "Not a timestep spacing."),
                    }
                ),
        ];
    }

    /// <summary>As <see cref="Descending"/>, rounded to timesteps at which the model was trained.</summary>
    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range, or <c>steps_offset</c> leads past the last timestep.
    /// </exception>
    public static int[] DescendingWhole(SchedulerConfig config, int steps, TimestepSpacing spacing, int points)
    {
        int[] timesteps = [.. Descending(config, steps, spacing, points).Select(timestep => (int)Math.Round(timestep))];
        return timesteps[0] < config.NumTrainTimesteps
            ? timesteps
            : throw new TextualInversionException(
                $"{steps} steps with {config.Source}'s steps_offset {config.StepsOffset} begin at timestep "
                    + $"{timesteps[0]}, "
                    + $"past the last one, {config.NumTrainTimesteps - 1}: take fewer steps."
            );
    }

    /// <summary>As <see cref="DescendingWhole"/>, for samplers whose default spacing is leading.</summary>
    /// <exception cref="TextualInversionException"><paramref name="steps"/> is out of range.</exception>
    public static int[] DescendingLeading(SchedulerConfig config, int steps) =>
        DescendingWhole(config, steps, config.TimestepSpacing ?? TimestepSpacing.Leading, points: steps);
}
