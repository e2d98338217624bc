namespace TextualInversion;

/// <summary>How the vectors follow their gradient.</summary>
public enum OptimizerKind
{
    /// <summary>AdamW (Loshchilov and Hutter 2019).</summary>
    AdamW,

    /// <summary>
    /// Each vector keeps its norm, and only its direction is trained: Riemannian gradient descent on the sphere.
    /// </summary>
    Direction,
}
