namespace TextualInversion.Evaluation;

/// <summary>Counts images, and reports each.</summary>
/// <param name="total">Images in all.</param>
/// <param name="progress">Notified after each image, or null.</param>
internal sealed class ProgressCounter(int total, IProgress<EvaluationProgress>? progress)
{
    private int done,
        generated;

    /// <summary>An image had to be generated.</summary>
    public void CountGenerated() => generated++;

    /// <summary>An image is finished.</summary>
    public void CountDone() => progress?.Report(new EvaluationProgress(++done, total, generated));
}
