using TextualInversion.Schedulers;

namespace TextualInversion.Training.Losses;

/// <summary>
/// Weights of the loss that keep timesteps with little noise from ruling (Hang et al. 2023, "Min-SNR weighting",
/// https://arxiv.org/abs/2303.09556, section 3.4):
/// min(snr, gamma) / snr where noise is predicted, min(snr, gamma) / (snr + 1) for the velocity.
/// </summary>
internal static class MinSnr
{
    /// <param name="schedule">the noise</param>
    /// <param name="timesteps">B</param>
    /// <param name="gamma">above 0; 5 in the paper</param>
    /// <returns>B weights</returns>
    public static float[] Weights(NoiseSchedule schedule, IEnumerable<long> timesteps, double gamma) =>
        [
            .. timesteps.Select(timestep =>
            {
                double alpha = schedule.AlphasCumprod[(int)timestep];
                // In terms of alpha, since at zero signal the ratio is 0 and at zero noise infinite: snr = alpha / (1 -
                // alpha).
                return (float)(
                    schedule.Config.PredictionType switch
                    {
                        PredictionType.Epsilon => alpha == 0 ? 1 : Math.Min(1, gamma * (1 - alpha) / alpha),
                        PredictionType.VPrediction => Math.Min(alpha, gamma * (1 - alpha)),
                        _ => throw new ArgumentOutOfRangeException(nameof(schedule)),
                    }
                );
            }),
        ];
}
