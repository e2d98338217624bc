namespace TextualInversion.Data;

/// <summary>What the images have in common, and so what the placeholder is to mean.</summary>
public enum LearnedProperty
{
    /// <summary>One thing in different surroundings.</summary>
    Object,

    /// <summary>One look on different things.</summary>
    Style,
}
