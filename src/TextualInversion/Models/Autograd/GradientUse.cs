namespace TextualInversion.Models.Autograd;

/// <summary>What a U-Net does for gradients with respect to its prompts.</summary>
public enum GradientUse
{
    /// <summary>Nothing: it paints. Weights stay in PyTorch's order, since an ill-conditioned sampler shows the order of a sum.</summary>
    None,

    /// <summary>It keeps what a gradient needs.</summary>
    Kept,

    /// <summary>It computes most of that again when the gradient is due: less memory, more time, the same numbers.</summary>
    Recomputed,
}
