namespace TextualInversion.Training;

/// <summary>The validation losses of a run.</summary>
/// <param name="WithoutPrompts">With empty prompts: the loss of the model by itself.</param>
/// <param name="Initial">Of the rows that training started from, those of the initializer.</param>
/// <param name="Best">Of the best embedding, which is kept.</param>
/// <param name="Final">Of the last embedding.</param>
internal sealed record ValidationSummary(double WithoutPrompts, double Initial, double Best, double Final)
{
    /// <summary>The losses of the held-out image, or null if no image was held out.</summary>
    public HeldOutSummary? HeldOut { get; init; }
}

/// <summary>The validation losses of the image that was held out of training.</summary>
/// <param name="WithoutPrompts">With empty prompts.</param>
/// <param name="Initial">Of the rows that training started from.</param>
/// <param name="Best">Of the embedding that is kept, which is the best on the other images.</param>
/// <param name="Final">Of the last embedding.</param>
internal sealed record HeldOutSummary(double WithoutPrompts, double Initial, double Best, double Final);
