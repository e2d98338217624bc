namespace TextualInversion.Schedulers;

/// <summary>Timesteps of a run of N steps among the T of the training (Lin et al. 2024, table 2), falling.</summary>
internal static class TimestepGrid
{
    /// <exception cref="TextualInversionException">There are fewer than one or more than T steps.</exception>
    public static double[] Spread(SchedulerConfig config, int steps, TimestepSpacing whenUnsaid)
    {
        var total = config.NumTrainTimesteps;
        if (steps < 1 || steps > total)
            throw new TextualInversionException($"{steps} sampling steps: choose a number from 1 to {total}.");
        var rising = Enumerable.Range(0, steps);
        var timesteps = (config.TimestepSpacing ?? whenUnsaid) switch
        {
            TimestepSpacing.Linspace => rising.Select(i => steps == 1 ? 0 : i * (total - 1.0) / (steps - 1)),
            TimestepSpacing.Leading => rising.Select(i => (double)(i * (total / steps) + config.StepsOffset)),
            TimestepSpacing.Trailing => rising.Select(i => Math.Round(total - (steps - 1 - i) * ((double)total / steps)) - 1),
            _ => throw new ArgumentOutOfRangeException(nameof(config)),
        };
        return [.. timesteps.Reverse()];
    }
}
