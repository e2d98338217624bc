namespace TextualInversion.Evaluation;

/// <summary>Turns the images of a candidate into scores.</summary>
/// <param name="baseline">The initializer's images, with which the candidate is compared.</param>
/// <param name="trainingImages">The embeddings of the training images.</param>
/// <param name="texts">The embeddings of the edit prompts.</param>
/// <param name="finder">Finds problems of the candidate.</param>
internal sealed class CandidateScorer(
    CandidateImages baseline,
    IReadOnlyList<float[]> trainingImages,
    IReadOnlyList<float[]> texts,
    DiagnosticsFinder finder
)
{
    private readonly IReadOnlyList<double> baseImageSimilarity = baseline.ImageSimilarity(trainingImages);
    private readonly IReadOnlyList<double> baseTextSimilarity = baseline.TextSimilarity(texts);

    public EvaluationRow Score(string name, CandidateImages images)
    {
        var imageSimilarity = images.ImageSimilarity(trainingImages);
        var textSimilarity = images.TextSimilarity(texts);
        var gain = Estimate.OfDifferences(imageSimilarity, baseImageSimilarity);
        return new EvaluationRow(
            name,
            Estimate.Of(imageSimilarity),
            Estimate.Of(textSimilarity),
            gain,
            Estimate.OfDifferences(textSimilarity, baseTextSimilarity),
            images == baseline ? [] : finder.Find(images, gain),
            images.All
        );
    }
}
