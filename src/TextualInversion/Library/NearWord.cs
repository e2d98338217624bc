namespace TextualInversion;

/// <summary>A word of the vocabulary near a vector.</summary>
/// <param name="Word">The word.</param>
/// <param name="Cosine">The cosine between its vector and the other, -1 to 1.</param>
public sealed record NearWord(string Word, double Cosine);
