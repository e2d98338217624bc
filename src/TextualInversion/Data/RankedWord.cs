namespace TextualInversion.Data;

/// <summary>A word of a vocabulary, by how well it describes images.</summary>
/// <param name="Id">Its token id.</param>
/// <param name="Word">The word.</param>
/// <param name="Cosines">CLIP's cosine of the word to each image.</param>
internal sealed record RankedWord(int Id, string Word, IReadOnlyList<double> Cosines)
{
    /// <summary>The mean cosine to the images: the higher, the better it describes them all.</summary>
    public double MeanCosine { get; } = Cosines.Average();
}
