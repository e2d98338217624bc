namespace TextualInversion;

/// <summary>What the U-Net was trained to predict.</summary>
public enum PredictionType
{
    /// <summary>The noise that was added (DDPM, arXiv 2006.11239, eq. 14).</summary>
    Epsilon,

    /// <summary>
    /// v = sqrt(alphasCumprod) noise - sqrt(1 - alphasCumprod) latents (arXiv 2202.00512, appendix D).
    /// </summary>
    VPrediction,
}
