namespace TextualInversion;

/// <summary>
/// The data type in which the U-Net computes. The text encoders, the VAE and the learned vectors always use float32.
/// </summary>
public enum Precision
{
    /// <summary>
    /// By the device: bfloat16 on CUDA devices of compute capability 8.0 and above, float16 on older ones, float32
    /// elsewhere.
    /// </summary>
    Auto,

    /// <summary>float32: exact.</summary>
    Fp32,

    /// <summary>bfloat16: half the memory, with small differences in the result.</summary>
    Bf16,

    /// <summary>
    /// float16, for GPUs: half the memory, with smaller differences, and with dynamic loss scaling in training.
    /// </summary>
    Fp16,
}
