namespace TextualInversion;

/// <summary>The norm that the vectors get after each step.</summary>
public enum NormConstraint
{
    /// <summary>The norm that the step gives.</summary>
    None,

    /// <summary>The norm of the initializer.</summary>
    Initializer,

    /// <summary>The mean norm of the vocabulary.</summary>
    Vocabulary,
}
