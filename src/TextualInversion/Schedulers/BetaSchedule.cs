namespace TextualInversion.Schedulers;

/// <summary>How the noise variances beta run over the training timesteps.</summary>
internal enum BetaSchedule
{
    /// <summary>Evenly spaced (DDPM, arXiv 2006.11239, section 4).</summary>
    Linear,

    /// <summary>Squares of evenly spaced square roots: Stable Diffusion's.</summary>
    ScaledLinear,

    /// <summary>From a squared cosine for alphasCumprod (arXiv 2102.09672, eq. 17), each beta at most 0.999.</summary>
    SquaredCosCapV2,
}
