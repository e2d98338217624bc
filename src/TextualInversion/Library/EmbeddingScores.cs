namespace TextualInversion;

/// <summary>The scores of one embedding, or of the words that embeddings are compared with.</summary>
/// <param name="Name">The placeholder token, or the words in quotes.</param>
/// <param name="ImageSimilarity">
/// How near its images are to the training images: the mean cosine in CLIP's space.
/// </param>
/// <param name="TextSimilarity">
/// How well prompts with it are followed: the mean cosine between images and the rest of their prompts.
/// </param>
/// <param name="Warnings">What may be wrong with the embedding. For people to read.</param>
public sealed record EmbeddingScores(
    string Name,
    ScoreEstimate ImageSimilarity,
    ScoreEstimate TextSimilarity,
    IReadOnlyList<string> Warnings
);
