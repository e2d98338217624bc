namespace TextualInversion.Schedulers;

/// <summary>
/// Noise levels sigma = sqrt((1 - alphasCumprod) / alphasCumprod): the noise's standard deviation relative to an image
/// that is not scaled (Karras et al., arXiv 2206.00364).
/// </summary>
internal static class Sigmas
{
    private const double KarrasRho = 7; // section 5 and appendix D.1

    /// <summary>
    /// Replaces an alphasCumprod of zero, so that the first sigma is finite: the smallest float16, as in diffusers.
    /// </summary>
    private const float AlmostZeroAlpha = 1f / (1 << 24);

    /// <summary>The sigma of each training timestep, ascending.</summary>
    public static float[] OfTraining(NoiseSchedule schedule)
    {
        var alphas = schedule.AlphasCumprod.ToArray();
        if (schedule.Config.RescaleBetasZeroSnr)
            alphas[^1] = AlmostZeroAlpha;
        return Array.ConvertAll(alphas, alpha => MathF.Sqrt((1 - alpha) / alpha));
    }

    /// <summary>The sigma at a timestep between training timesteps; beyond either end, the end's.</summary>
    public static double At(float[] trainingSigmas, double timestep)
    {
        var clamped = Math.Clamp(timestep, 0, trainingSigmas.Length - 1);
        var low = (int)clamped;
        var high = Math.Min(low + 1, trainingSigmas.Length - 1);
        return trainingSigmas[low] + ((clamped - low) * ((double)trainingSigmas[high] - trainingSigmas[low]));
    }

    /// <summary>
    /// The timestep of a sigma: <see cref="At"/>'s inverse, but linear in log(sigma) between training timesteps.
    /// </summary>
    public static double TimestepAt(float[] trainingSigmas, double sigma)
    {
        if (trainingSigmas.Length == 1)
            return 0;
        var low = Array.FindLastIndex(trainingSigmas, candidate => MathF.Log(candidate) <= Math.Log(sigma));
        low = Math.Clamp(low, 0, trainingSigmas.Length - 2);
        double logLow = MathF.Log(trainingSigmas[low]),
            logHigh = MathF.Log(trainingSigmas[low + 1]);
        return low + Math.Clamp((Math.Log(sigma) - logLow) / (logHigh - logLow), 0, 1);
    }

    /// <summary>
    /// Karras et al., eq. 5: <paramref name="steps"/> levels from <paramref name="max"/> down to
    /// <paramref name="min"/>, closer together where there is little noise.
    /// </summary>
    public static double[] Karras(double max, double min, int steps)
    {
        double maxRoot = Math.Pow(max, 1 / KarrasRho),
            minRoot = Math.Pow(min, 1 / KarrasRho);
        var stride = (minRoot - maxRoot) / Math.Max(steps - 1, 1);
        return [.. Enumerable.Range(0, steps).Select(i => Math.Pow(maxRoot + (i * stride), KarrasRho))];
    }

    /// <summary>
    /// A level below <paramref name="to"/> and the standard deviation of the noise that leads from there back up to it,
    /// such that Down² + Up² = to² and the marginal distribution is kept (k-diffusion's <c>get_ancestral_step</c>).
    /// </summary>
    public static (double Down, double Up) Ancestral(double from, double to)
    {
        var down = to * to / from;
        return (down, Math.Sqrt((to * to) - (down * down)));
    }

    /// <summary>
    /// The same with the operations and the float32 of diffusers' Euler a. From the sigma 4096 of zero terminal SNR,
    /// their Down differs by half a percent, which shows in the result.
    /// </summary>
    public static (float Down, float Up) AncestralInFloat32(double from, double to)
    {
        var (from2, to2) = ((float)from * (float)from, (float)to * (float)to);
        var up = MathF.Sqrt(to2 * (from2 - to2) / from2);
        return (MathF.Sqrt(to2 - (up * up)), up);
    }

    /// <summary>The levels of a run in float32, as diffusers keeps them, with the one at which it ends.</summary>
    public static float[] EndingAt(double last, IEnumerable<double> sigmas) =>
        [.. sigmas.Select(sigma => (float)sigma), (float)last];
}
