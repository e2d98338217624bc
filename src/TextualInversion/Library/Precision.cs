namespace TextualInversion;

/// <summary>
/// The data type in which the U-Net computes. The text encoders, the VAE and the learned vectors always use float32.
/// </summary>
public enum Precision
{
    /// <summary>float32: exact, and the default.</summary>
    Fp32,

    /// <summary>bfloat16: half the memory, with small differences in the result.</summary>
    Bf16,
}
