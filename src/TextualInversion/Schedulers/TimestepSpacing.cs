namespace TextualInversion.Schedulers;

/// <summary>How a run's timesteps are laid over the training timesteps (arXiv 2305.08891, table 2).</summary>
internal enum TimestepSpacing
{
    /// <summary>Whole strides upwards from <c>steps_offset</c>; does not reach the last timestep.</summary>
    Leading,

    /// <summary>Strides downwards from the last timestep.</summary>
    Trailing,

    /// <summary>Evenly between the first and the last timestep.</summary>
    Linspace,
}
