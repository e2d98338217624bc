using TextualInversion.Schedulers;

namespace TextualInversion.Training.Losses;

/// <summary>The weight of each timestep in the loss, see <see cref="LossWeighting"/>.</summary>
internal sealed class TimestepWeights
{
    // A model with zero terminal SNR has a timestep without signal, whose weight would be infinite.
    private const double SmallestSignal = 1e-4;

    private readonly float[] weights; // by timestep

    private TimestepWeights(IEnumerable<double> weights) => this.weights = [.. weights.Select(weight => (float)weight)];

    /// <summary>The weights of a training, or null if all timesteps count alike.</summary>
    public static TimestepWeights? Of(NoiseSchedule schedule, LossWeighting weighting, double snrGamma) =>
        weighting switch
        {
            LossWeighting.None => null,
            LossWeighting.MinSnr => MinSnr(schedule, snrGamma),
            LossWeighting.Debiased => Debiased(schedule),
            _ => throw new ArgumentOutOfRangeException(nameof(weighting)),
        };

    /// <summary>min(snr, gamma) / snr where noise is predicted, min(snr, gamma) / (snr + 1) for the velocity.</summary>
    /// <param name="schedule">The noise.</param>
    /// <param name="gamma">Above 0; 5 in the paper.</param>
    public static TimestepWeights MinSnr(NoiseSchedule schedule, double gamma) =>
        // In terms of the signal's share a, snr = a / (1 - a), since the ratio is 0 at zero signal and infinite at
        // zero noise.
        new(
            Signals(schedule)
                .Select(signal =>
                    schedule.Config.PredictionType switch
                    {
                        PredictionType.Epsilon => signal == 0 ? 1 : Math.Min(1, gamma * (1 - signal) / signal),
                        PredictionType.VPrediction => Math.Min(signal, gamma * (1 - signal)),
                        _ => throw new ArgumentOutOfRangeException(nameof(schedule)),
                    }
                )
        );

    /// <summary>
    /// 1 / sqrt(snr) where noise is predicted, 1 / (snr + 1) for the velocity; scaled to a mean of 1 over all
    /// timesteps, so that losses stay comparable.
    /// </summary>
    public static TimestepWeights Debiased(NoiseSchedule schedule)
    {
        var raw = Signals(schedule)
            .Select(signal =>
                schedule.Config.PredictionType switch
                {
                    PredictionType.Epsilon => Math.Sqrt((1 - signal) / Math.Max(signal, SmallestSignal)),
                    PredictionType.VPrediction => 1 - signal,
                    _ => throw new ArgumentOutOfRangeException(nameof(schedule)),
                }
            )
            .ToList();
        var mean = raw.Average();
        return new(raw.Select(weight => weight / mean));
    }

    /// <summary>B weights for B timesteps.</summary>
    public float[] At(IEnumerable<long> timesteps) => [.. timesteps.Select(timestep => weights[timestep])];

    private static IEnumerable<double> Signals(NoiseSchedule schedule) =>
        Enumerable
            .Range(0, schedule.Config.NumTrainTimesteps)
            .Select(timestep => (double)schedule.AlphasCumprod[timestep]);
}
