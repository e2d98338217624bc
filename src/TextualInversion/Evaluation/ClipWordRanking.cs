using TextualInversion.Data;
using TextualInversion.Models;

namespace TextualInversion.Evaluation;

/// <summary>
/// Ranks the words of a vocabulary by how well they describe images, as CLIP sees it (Radford et al. 2021, section
/// 3.1.2): by the mean cosine of a word to the images.
/// </summary>
internal static class ClipWordRanking
{
    private const int WordsAtOnce = 64;

    /// <param name="clipFolder">A CLIP model in transformers' layout.</param>
    /// <param name="network">The model whose vocabulary is ranked; CLIP computes on its device.</param>
    /// <param name="images">The images, at least one.</param>
    /// <param name="progress">Receives the number of words ranked so far.</param>
    /// <param name="cancellationToken">Stops between two batches of words.</param>
    /// <returns>The vocabulary's whole words, the best first.</returns>
    /// <exception cref="TextualInversionException">The CLIP model is incomplete.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public static IReadOnlyList<RankedWord> Rank(
        string clipFolder,
        IDiffusionModel network,
        IReadOnlyList<TrainingImage> images,
        IProgress<int> progress,
        CancellationToken cancellationToken
    )
    {
        using var clip = new ClipScorer(clipFolder, network.Device);
        var seen = images.Select(image => clip.Embed(image.Pixels)).ToList();
        var ranked = new List<RankedWord>();
        foreach (var some in network.Tokenizers[0].Words().Chunk(WordsAtOnce))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var embedded = clip.Embed([.. some.Select(word => word.Word)]);
            ranked.AddRange(
                some.Zip(
                    embedded,
                    (word, own) =>
                        new RankedWord(word.Id, word.Word, [.. seen.Select(image => ClipScorer.Cosine(image, own))])
                )
            );
            progress.Report(ranked.Count);
        }

        return [.. ranked.OrderByDescending(word => word.MeanCosine).ThenBy(word => word.Id)];
    }
}
