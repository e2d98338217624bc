using TextualInversion.Data;

namespace TextualInversion.Evaluation;

/// <summary>How far an evaluation is.</summary>
/// <param name="Done">Images that are finished.</param>
/// <param name="Total">Images in all.</param>
/// <param name="Generated">How many of those done were generated now, not found in the cache.</param>
internal sealed record EvaluationProgress(int Done, int Total, int Generated);

/// <summary>
/// The two scores of the paper (Gal et al. 2022, https://arxiv.org/abs/2208.01618, section 5). Image similarity says
/// how similar images of the placeholder token are to the training images. Text similarity says how well prompts with
/// it are still followed.
/// </summary>
/// <param name="generator">Generates the images.</param>
/// <param name="clip">Compares them.</param>
/// <param name="cache">Keeps them.</param>
/// <param name="options">Which images to generate.</param>
internal sealed class Evaluator(
    CandidateGenerator generator,
    ClipScorer clip,
    ImageCache cache,
    EvaluationOptions options
)
{
    /// <param name="candidates">What to compare, at least one.</param>
    /// <param name="initializer">The word to compare the candidates with.</param>
    /// <param name="trainingImages">At least one.</param>
    /// <param name="modelName">The name that is written into the images.</param>
    /// <param name="progress">Notified after each image.</param>
    /// <param name="cancellationToken">Stops between two steps. Finished images stay in the cache.</param>
    /// <exception cref="TextualInversionException">
    /// An image cannot be written, or an option is out of range.
    /// </exception>
    public EvaluationResult Run(
        IReadOnlyList<Candidate> candidates,
        string initializer,
        IReadOnlyList<RgbImage> trainingImages,
        string modelName,
        IProgress<EvaluationProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        options.Validate();
        var total = options.Images(candidates.Count);
        var images = new ScoredImageSource(generator, clip, cache, modelName, new ProgressCounter(total, progress))
        {
            Count = options.Count,
            FirstSeed = options.Seed,
            Settings = options.Generation,
        };
        var given = trainingImages.Select(clip.Embed).ToList();
        var texts = options
            .EditPrompts.Select(prompt => clip.Embed(EvaluationPrompts.WithoutPlaceholder(prompt)))
            .ToList();

        var word = Candidate.Ordinary($"\"{initializer}\"", initializer);
        var baseline = MakeAll(images, word, cancellationToken);
        var blank = images.Make(Candidate.Ordinary("", ""), options.BarePrompt, cancellationToken);
        var finder = new DiagnosticsFinder(baseline, word.Name, blank, given, options.EditPrompts, texts);
        var scorer = new CandidateScorer(baseline, given, texts, finder);

        var rows = candidates
            .Select(candidate => scorer.Score(candidate.Name, MakeAll(images, candidate, cancellationToken)))
            .ToList();
        var baseRow = scorer.Score(word.Name, baseline);
        double? ceiling = given.Count < 2 ? null : CandidateImages.MeanPairwiseSimilarity(given);
        var floor = baseline.TextSimilarityOfBare(texts).Average();
        return new EvaluationResult(rows, baseRow, ceiling, floor, Choice.Of(rows, baseRow, ceiling, floor));
    }

    private CandidateImages MakeAll(ScoredImageSource images, Candidate candidate, CancellationToken cancellationToken)
    {
        var bare = images.Make(candidate, options.BarePrompt, cancellationToken);
        return new CandidateImages(
            bare,
            [.. options.EditPrompts.Select(prompt => images.Make(candidate, prompt, cancellationToken))]
        );
    }
}
