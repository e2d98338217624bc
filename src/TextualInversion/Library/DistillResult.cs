namespace TextualInversion;

/// <summary>The result of distilling a prompt.</summary>
public sealed class DistillResult
{
    /// <summary>The best vectors.</summary>
    public required Embedding Embedding { get; init; }

    /// <summary>The number of tokens that the whole prompt takes.</summary>
    public required int Tokens { get; init; }

    /// <summary>The number of steps that were taken.</summary>
    public required int Steps { get; init; }

    /// <summary>The step after which the vectors were best; 0 for tokens of the prompt.</summary>
    public required int BestStep { get; init; }

    /// <summary>Whether it was canceled. The vectors are then the best until then, and nothing is compared.</summary>
    public required bool IsCancelled { get; init; }

    /// <summary>
    /// How far the vectors are from the whole prompt: the mean squared difference of the noise that the model predicts,
    /// where 0 is the whole prompt and 1 the empty prompt. Null if it was canceled.
    /// </summary>
    public required double? Distance { get; init; }

    /// <summary>
    /// The same for as many of the prompt's first words as there are vectors; where it has no more words than vectors,
    /// for its first tokens. Null if it was canceled.
    /// </summary>
    public required double? TruncatedDistance { get; init; }

    /// <summary>
    /// For each compared image, how far the vectors' image is from that of the whole prompt: the root of the mean
    /// squared difference of the pixels, 0 to 255. Empty if none were asked for.
    /// </summary>
    public required IReadOnlyList<double> ImageDistances { get; init; }
}
