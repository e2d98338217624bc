namespace TextualInversion;

/// <summary>Whether a training saves memory at the cost of time. The vectors learned are the same.</summary>
public enum MemoryUse
{
    /// <summary>As much is saved as the step needs to fit into memory.</summary>
    Auto,

    /// <summary>
    /// The U-Net's weights stay in the half precision of their file and each layer widens them when it computes;
    /// activations are computed again unless <see cref="TrainOptions.GradientCheckpointing"/> is off.
    /// </summary>
    Low,

    /// <summary>Weights and activations are kept as the layers need them.</summary>
    Fast,
}
