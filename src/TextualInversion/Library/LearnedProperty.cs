namespace TextualInversion;

/// <summary>What the training images have in common. It selects the built-in prompt templates.</summary>
public enum LearnedProperty
{
    /// <summary>One object in different surroundings.</summary>
    Object,

    /// <summary>One style of different images.</summary>
    Style,
}
