namespace TextualInversion;

/// <summary>How the timestep of each image of each step is drawn.</summary>
public enum TimestepSampling
{
    /// <summary>Each independently, all equally likely (Ho et al. 2020, algorithm 1).</summary>
    Uniform,

    /// <summary>
    /// Equally likely too, but spread evenly over any number of steps: additive recurrence with the golden ratio
    /// (Kronecker sequence) from a random start. The losses of steps vary less.
    /// </summary>
    Stratified,
}
