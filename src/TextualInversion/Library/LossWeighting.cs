namespace TextualInversion;

/// <summary>How much the loss of each timestep counts.</summary>
public enum LossWeighting
{
    /// <summary>
    /// All timesteps count alike (Ho et al. 2020, eq. 14). Errors are largest at timesteps with little noise, so those
    /// dominate.
    /// </summary>
    None,

    /// <summary>
    /// Timesteps with little noise count less (Hang et al. 2023, "Min-SNR weighting",
    /// https://arxiv.org/abs/2303.09556, section 3.4).
    /// </summary>
    MinSnr,

    /// <summary>
    /// Each timestep counts by 1 / sqrt(SNR). Layout, light and dominant colors, which only the noisy timesteps decide,
    /// then influence the result (Yu et al. 2023, "Debias the Training of Diffusion Models",
    /// https://arxiv.org/abs/2310.08442, eq. 10).
    /// </summary>
    Debiased,
}
