namespace TextualInversion;

/// <summary>What distilled vectors have to reproduce of a prompt's effect.</summary>
public enum DistillationTarget
{
    /// <summary>The U-Net's predictions for noisy latents of images that the model generates itself.</summary>
    Noise,

    /// <summary>
    /// The text encoders' states of the padding after the prompt, and the pooled state: much faster and less near. The
    /// prompt with a few words around it has to fit into the 75 tokens that a text encoder takes at once.
    /// </summary>
    States,
}
