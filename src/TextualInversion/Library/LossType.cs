namespace TextualInversion;

/// <summary>How much the error of a predicted value counts.</summary>
public enum LossType
{
    /// <summary>The squared error (Ho et al. 2020, eq. 14).</summary>
    L2,

    /// <summary>
    /// The pseudo-Huber loss, 2c (sqrt(error² + c²) - c): the squared error where that is small, and linear where it is
    /// large, so that outliers count less (Charbonnier et al. 1997; Song and Dhariwal 2023, "Improved techniques for
    /// training consistency models", https://arxiv.org/abs/2310.14189, section 3.3). See
    /// <see cref="TrainOptions.HuberC"/>.
    /// </summary>
    Huber,
}
