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

    /// <summary>
    /// AdamW that estimates its step size (Mishchenko and Defazio 2023, "Prodigy", https://arxiv.org/abs/2306.06101).
    /// The vectors of each text encoder have a step size of their own.
    /// </summary>
    Prodigy,
}
