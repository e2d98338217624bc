using static TorchSharp.torch;

namespace TextualInversion.Training.Distillation;

/// <summary>What the vectors are compared with.</summary>
internal enum DistillationRival
{
    /// <summary>The learned vectors themselves.</summary>
    Vectors,

    /// <summary>As many of the prompt's first words; or of its first vectors, where it has no more words.</summary>
    Truncated,

    /// <summary>The empty prompt.</summary>
    Empty,
}

/// <summary>How far something is from doing what the whole prompt does.</summary>
/// <param name="Rival">What takes the place of the whole prompt.</param>
/// <param name="Noise">
/// The squared difference of noise predictions, the prompt alone, for each example.
/// </param>
/// <param name="AmongWords">The same within other words, none of which was used in learning.</param>
/// <param name="Images">
/// The root of the mean squared difference of the pixels, 0 to 255, for each seed. Empty if no images were asked for.
/// </param>
internal sealed record DistillationDistance(
    DistillationRival Rival,
    IReadOnlyList<double> Noise,
    IReadOnlyList<double> AmongWords,
    IReadOnlyList<double> Images
)
{
    /// <summary>The mean of differences relative to that of others, such as those of the empty prompt.</summary>
    public static double Relative(IReadOnlyList<double> own, IReadOnlyList<double> other) =>
        other.Average() > 0 ? own.Average() / other.Average() : 0;
}

/// <summary>The result of distilling.</summary>
/// <param name="Rows">The vectors, (n, d) for each text encoder, on the CPU.</param>
/// <param name="Tokens">The tokens of the whole prompt.</param>
/// <param name="BestStep">The step after which the vectors were best; 0 for words.</param>
/// <param name="FirstWords">The words of <see cref="DistillationRival.Truncated"/>, or null if it is vectors.</param>
/// <param name="TruncatedTokens">The tokens of <see cref="DistillationRival.Truncated"/>.</param>
/// <param name="Distances">
/// The vectors and what they are compared with, in this order; empty if it was canceled.
/// </param>
internal sealed record DistillationResult(
    IReadOnlyList<Tensor> Rows,
    int Tokens,
    int BestStep,
    string? FirstWords,
    int TruncatedTokens,
    IReadOnlyList<DistillationDistance> Distances
) : IDisposable
{
    /// <summary>The number of steps that were taken.</summary>
    public required int Steps { get; init; }

    /// <summary>Whether it was canceled; there is no comparison then.</summary>
    public required bool IsCancelled { get; init; }

    /// <summary>The mean difference of noise predictions, where that of the empty prompt is 1.</summary>
    public double RelativeNoise(DistillationRival rival) =>
        DistillationDistance.Relative(Of(rival).Noise, Of(DistillationRival.Empty).Noise);

    public DistillationDistance Of(DistillationRival rival) => Distances.Single(each => each.Rival == rival);

    public void Dispose()
    {
        foreach (var each in Rows)
            each.Dispose();
    }
}
