namespace TextualInversion;

/// <summary>
/// Whether the U-Net's activations are computed again in the backward pass instead of kept: slower, in much less
/// memory, with the same result.
/// </summary>
public enum GradientCheckpointing
{
    /// <summary>Only if the memory would not suffice.</summary>
    Auto,

    /// <summary>Always.</summary>
    On,

    /// <summary>Never.</summary>
    Off,
}
