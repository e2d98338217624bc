namespace TextualInversion.Training;

/// <summary>The validation losses of a run.</summary>
/// <param name="WithoutPrompts">The loss with empty prompts, that is, of the model alone.</param>
/// <param name="Initial">The loss of the initial vectors.</param>
/// <param name="Best">The loss of the best embedding, which is the one saved.</param>
/// <param name="Final">The loss of the last embedding.</param>
internal sealed record ValidationSummary(double WithoutPrompts, double Initial, double Best, double Final)
{
    /// <summary>
    /// The geometric mean of each example's loss of the best embedding, relative to its loss with an empty prompt; 1 is
    /// as good as no word. The embedding with the lowest is the best.
    /// </summary>
    public required double RelativeLoss { get; init; }

    /// <summary>The losses of the held-out image, or null if no image was held out.</summary>
    public HeldOutSummary? HeldOut { get; init; }
}

/// <summary>The validation losses of the held-out image.</summary>
/// <param name="WithoutPrompts">The loss with empty prompts.</param>
/// <param name="Initial">The loss of the initial vectors.</param>
/// <param name="Best">The loss of the saved embedding, which is the best on the training images.</param>
/// <param name="Final">The loss of the last embedding.</param>
internal sealed record HeldOutSummary(double WithoutPrompts, double Initial, double Best, double Final);
