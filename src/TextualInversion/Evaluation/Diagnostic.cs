namespace TextualInversion.Evaluation;

/// <summary>What may be wrong with an embedding.</summary>
internal enum DiagnosticKind
{
    /// <summary>The images are not more similar to the training images than those of the initializer.</summary>
    LearnedNothing,

    /// <summary>The images are those of a prompt without the placeholder token, or those of the initializer.</summary>
    PlaceholderChangesNothing,

    /// <summary>Images of different seeds are nearly the same.</summary>
    SeedsAlike,

    /// <summary>An image is nearly the same as one training image: its background or pose was copied.</summary>
    CopiesImage,

    /// <summary>A prompt that has an effect with the initializer has none with the placeholder token.</summary>
    PromptChangesNothing,
}

/// <summary>A warning, with the value that caused it.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Value">The measured value.</param>
/// <param name="Limit">The value from which on there is a warning.</param>
/// <param name="Text">The warning as a sentence without a period.</param>
internal sealed record Diagnostic(DiagnosticKind Kind, double Value, double Limit, string Text);
