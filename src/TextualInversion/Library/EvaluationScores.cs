namespace TextualInversion;

/// <summary>
/// The scores of the paper (Gal et al. 2022, section 5) of embeddings, and the scale to read them on. The two scores
/// are a trade-off.
/// </summary>
/// <param name="Embeddings">The scores of each embedding, in their order.</param>
/// <param name="Baseline">
/// The scores of the initializer's words: the lowest image similarity, the highest text similarity to expect.
/// </param>
/// <param name="BestImageSimilarity">
/// The highest image similarity to expect: that of the training images to each other; null if there is only one.
/// </param>
/// <param name="WorstTextSimilarity">
/// The lowest text similarity to expect: that of images whose prompt says nothing else.
/// </param>
/// <param name="Recommended">
/// The index of the embedding with the best balance, or null if none is worth keeping.
/// </param>
/// <param name="Reason">Why. For people to read.</param>
public sealed record EvaluationScores(
    IReadOnlyList<EmbeddingScores> Embeddings,
    EmbeddingScores Baseline,
    double? BestImageSimilarity,
    double WorstTextSimilarity,
    int? Recommended,
    string Reason
);
