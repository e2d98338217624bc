namespace TextualInversion.Schedulers;

/// <summary>Noise levels in units of the latents, sigma = sqrt((1 - a) / a) (Karras et al. 2022, table 1), as the sigma-based samplers use them.</summary>
internal static class Sigmas
{
    private const double Rho = 7; // Karras et al. 2022, section 3
    private const double SmallestAlpha = 1.0 / (1 << 24); // stands in for the zero of a zero-SNR schedule, whose sigma is infinite

    /// <summary>The sigma of each timestep of the training, rising.</summary>
    public static double[] OfTraining(NoiseSchedule schedule) =>
        [.. schedule.AlphasCumprod.Select(alpha => alpha > 0 ? alpha : SmallestAlpha).Select(alpha => Math.Sqrt((1 - alpha) / alpha))];

    /// <summary>Sigmas at timesteps that need not be whole, by linear interpolation.</summary>
    public static double[] At(IEnumerable<double> timesteps, double[] ofTraining) => [.. timesteps.Select(timestep =>
    {
        var low = Math.Clamp((int)Math.Floor(timestep), 0, ofTraining.Length - 1);
        var high = Math.Min(low + 1, ofTraining.Length - 1);
        return ofTraining[low] + (timestep - low) * (ofTraining[high] - ofTraining[low]);
    })];

    /// <summary>Falling from largest to smallest, evenly in their seventh root (Karras et al. 2022, eq. 5).</summary>
    public static double[] Karras(double largest, double smallest, int steps)
    {
        double first = Math.Pow(largest, 1 / Rho), last = Math.Pow(smallest, 1 / Rho);
        return [.. Enumerable.Range(0, steps).Select(i => Math.Pow(first + (steps == 1 ? 0 : i / (steps - 1.0)) * (last - first), Rho))];
    }

    /// <summary>The timestep of a sigma, by linear interpolation of its logarithm.</summary>
    public static double ToTimestep(double sigma, double[] ofTraining)
    {
        var low = Math.Clamp(Array.FindLastIndex(ofTraining, level => level <= sigma), 0, ofTraining.Length - 2);
        double below = Math.Log(ofTraining[low]), above = Math.Log(ofTraining[low + 1]);
        return low + Math.Clamp((Math.Log(sigma) - below) / (above - below), 0, 1);
    }
}
