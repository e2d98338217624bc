namespace TextualInversion;

/// <summary>The kinds of Stable Diffusion, by the networks they are made of.</summary>
public enum ModelFamily
{
    /// <summary>Stable Diffusion 1 and 2: one text encoder.</summary>
    StableDiffusion,

    /// <summary>Stable Diffusion XL: two text encoders, and the image's size as a condition.</summary>
    StableDiffusionXl,
}
