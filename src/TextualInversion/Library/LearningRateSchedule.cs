namespace TextualInversion;

/// <summary>How the learning rate changes over the steps, after the warm-up.</summary>
public enum LearningRateSchedule
{
    /// <summary>It stays at its peak.</summary>
    Constant,

    /// <summary>It falls to zero in a straight line.</summary>
    Linear,

    /// <summary>It falls to zero along half a cosine (Loshchilov and Hutter 2017, eq. 5, one cycle).</summary>
    Cosine,
}
