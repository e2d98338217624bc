using TextualInversion.Data;
using TextualInversion.Generation;

namespace TextualInversion.Evaluation;

/// <summary>How far an evaluation is.</summary>
/// <param name="Done">images that are there</param>
/// <param name="Total">images in all</param>
/// <param name="Painted">of those done, how many were painted now and not found in the cache</param>
internal sealed record EvaluationProgress(int Done, int Total, int Painted);

/// <summary>
/// The two scores of the paper (Gal et al. 2022, https://arxiv.org/abs/2208.01618, section 5): imageSimilarity, how near images of the word are
/// to the given ones, and textSimilarity, how well prompts with the word are still followed; beside them what makes them readable.
/// </summary>
internal sealed class Evaluator(
    CandidateGenerator painter,
    ClipScorer clip,
    ImageCache cache,
    EvaluationOptions options
)
{
    private int done,
        total,
        painted;

    /// <param name="candidates">what to compare, at least one</param>
    /// <param name="initializer">the word that the candidates are compared with</param>
    /// <param name="given">the given images, at least one</param>
    /// <param name="modelName">as it is written into the images</param>
    /// <param name="progress">told of each image</param>
    /// <param name="cancellationToken">ends it between two steps; what was painted stays in the cache</param>
    /// <exception cref="TextualInversionException">An image cannot be written, or an option is out of range.</exception>
    public EvaluationResult Run(
        IReadOnlyList<Candidate> candidates,
        string initializer,
        IReadOnlyList<RgbImage> given,
        string modelName,
        IProgress<EvaluationProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        options.Validate();
        (done, painted) = (0, 0);
        total = options.Count * ((1 + candidates.Count) * (1 + options.EditPrompts.Count) + 1);
        var images = new List<float[]>();
        foreach (var image in given)
            images.Add(clip.Embed(image));
        var texts = options
            .EditPrompts.Select(prompt => clip.Embed(EvaluationPrompts.WithoutPlaceholder(prompt)))
            .ToList();
        IReadOnlyList<ScoredImage> Make(Candidate candidate, string template) =>
            MakeImages(candidate, template, modelName, progress, cancellationToken);
        CandidateImages MakeAll(Candidate candidate) =>
            new(
                Make(candidate, options.BarePrompt),
                [.. options.EditPrompts.Select(prompt => Make(candidate, prompt))]
            );

        var word = Candidate.Ordinary($"\"{initializer}\"", initializer);
        var baseline = MakeAll(word);
        var blank = Make(Candidate.Ordinary("", ""), options.BarePrompt);
        var finder = new DiagnosticsFinder(baseline, word.Name, blank, images, options.EditPrompts, texts);
        IReadOnlyList<double> baseLikeness = baseline.ImageSimilarity(images),
            baseObedience = baseline.TextSimilarity(texts);
        EvaluationRow Score(Candidate candidate, CandidateImages made)
        {
            IReadOnlyList<double> imageSimilarity = made.ImageSimilarity(images),
                textSimilarity = made.TextSimilarity(texts);
            var gain = Estimate.OfDifferences(imageSimilarity, baseLikeness);
            var signs = made == baseline ? [] : finder.Find(made, gain);
            return new EvaluationRow(
                candidate.Name,
                Estimate.Of(imageSimilarity),
                Estimate.Of(textSimilarity),
                gain,
                Estimate.OfDifferences(textSimilarity, baseObedience),
                signs,
                made.All
            );
        }

        var rows = candidates.Select(candidate => Score(candidate, MakeAll(candidate))).ToList();
        var baseRow = Score(word, baseline);
        double? ceiling = images.Count < 2 ? null : CandidateImages.MeanOfPairs(images);
        var floor = baseline.ObedienceOfBare(texts).Average();
        return new EvaluationResult(rows, baseRow, ceiling, floor, Choice.Of(rows, baseRow, ceiling, floor));
    }

    private List<ScoredImage> MakeImages(
        Candidate candidate,
        string template,
        string modelName,
        IProgress<EvaluationProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var prompt =
            candidate.Words.Length == 0
                ? EvaluationPrompts.WithoutPlaceholder(template)
                : PromptTemplates.Format(template, candidate.Words);
        var generation = options.Generation with { Prompt = prompt };
        var made = new List<ScoredImage>();
        for (var i = 0; i < options.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var seed = options.Seed + (ulong)i;
            var key = painter.Key(candidate, generation, seed);
            made.Add(
                new ScoredImage(
                    prompt,
                    seed,
                    cache.PathOf(key),
                    EmbeddingOf(key, () => ImageOf(key, candidate, generation, seed, modelName, cancellationToken))
                )
            );
            progress?.Report(new EvaluationProgress(++done, total, painted));
        }

        return made;
    }

    private float[] EmbeddingOf(string key, Func<RgbImage> image)
    {
        if (cache.Has(key) && cache.FindEmbedding(key, clip.Hash) is { } known)
            return known;
        var embedding = clip.Embed(image());
        cache.KeepEmbedding(key, clip.Hash, embedding);
        return embedding;
    }

    private RgbImage ImageOf(
        string key,
        Candidate candidate,
        GenerationSettings generation,
        ulong seed,
        string modelName,
        CancellationToken cancellationToken
    )
    {
        if (cache.Find(key) is { } known)
            return known;
        var image = painter.Paint(candidate, generation, seed, cancellationToken);
        painted++;
        cache.Keep(key, image, CandidateGenerator.Describe(generation, seed, modelName));
        return image;
    }
}
