namespace TextualInversion.Evaluation;

/// <summary>The scores of one candidate.</summary>
/// <param name="Name">The candidate's name.</param>
/// <param name="ImageSimilarity">Mean cosine between the bare images and the training images.</param>
/// <param name="TextSimilarity">
/// Mean cosine between the images of the edit prompts and the prompts' texts without the placeholder token.
/// </param>
/// <param name="ImageSimilarityGain">Difference from the baseline, paired by seed.</param>
/// <param name="TextSimilarityGain">Difference from the baseline, paired by seed; mostly below zero.</param>
/// <param name="Warnings">What may be wrong with the candidate.</param>
/// <param name="Images">All images that were generated, those of the bare prompt first.</param>
internal sealed record EvaluationRow(
    string Name,
    Estimate ImageSimilarity,
    Estimate TextSimilarity,
    Estimate ImageSimilarityGain,
    Estimate TextSimilarityGain,
    IReadOnlyList<Diagnostic> Warnings,
    IReadOnlyList<ScoredImage> Images
)
{
    /// <summary>The same by DINOv2, or null if it was not asked.</summary>
    public DinoScore? Dino { get; init; }
}

/// <summary>The scores of all candidates, and the scale to read them on.</summary>
/// <param name="Rows">One for each candidate, in their order.</param>
/// <param name="Baseline">The initializer: the lowest image similarity, the highest text similarity to expect.</param>
/// <param name="Ceiling">
/// The highest image similarity to expect: the mean cosine between two training images; null if there is only one.
/// </param>
/// <param name="Floor">The lowest text similarity to expect: that of the baseline's bare images.</param>
/// <param name="Choice">The candidate to keep.</param>
internal sealed record EvaluationResult(
    IReadOnlyList<EvaluationRow> Rows,
    EvaluationRow Baseline,
    double? Ceiling,
    double Floor,
    Choice Choice
);
