using TextualInversion.Data;
using TextualInversion.Generation;

namespace TextualInversion.Evaluation;

/// <summary>Images with their CLIP embeddings, from the cache or newly generated.</summary>
/// <param name="generator">Generates images that are not in the cache.</param>
/// <param name="clip">Embeds them.</param>
/// <param name="cache">Keeps them.</param>
/// <param name="modelName">The name that is written into the images.</param>
/// <param name="progress">Notified after each image.</param>
internal sealed class ScoredImageSource(
    CandidateGenerator generator,
    ClipScorer clip,
    ImageCache cache,
    string modelName,
    ProgressCounter progress
)
{
    /// <summary>Images for each prompt.</summary>
    public required int Count { get; init; }

    /// <summary>The seed of the first image of each prompt.</summary>
    public required ulong FirstSeed { get; init; }

    /// <summary>The settings of each image, without the prompt.</summary>
    public required GenerationSettings Settings { get; init; }

    /// <summary>All images of one candidate and one prompt template.</summary>
    public IReadOnlyList<ScoredImage> Make(Candidate candidate, string template, CancellationToken cancellationToken)
    {
        var prompt =
            candidate.Words.Length == 0
                ? EvaluationPrompts.WithoutPlaceholder(template)
                : PromptTemplates.Format(template, candidate.Words);
        var settings = Settings with { Prompt = prompt };
        var images = new List<ScoredImage>();
        for (var i = 0; i < Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            images.Add(Make(candidate, settings, FirstSeed + (ulong)i, cancellationToken));
            progress.CountDone();
        }

        return images;
    }

    private ScoredImage Make(
        Candidate candidate,
        GenerationSettings settings,
        ulong seed,
        CancellationToken cancellationToken
    )
    {
        var key = generator.Key(candidate, settings, seed);
        var embedding = cache.Has(key) ? cache.FindEmbedding(key, clip.Hash) : null;
        if (embedding is null)
        {
            embedding = clip.Embed(cache.Find(key) ?? Generate());
            cache.KeepEmbedding(key, clip.Hash, embedding);
        }

        return new ScoredImage(settings.Prompt, seed, cache.PathOf(key), embedding);

        RgbImage Generate()
        {
            var image = generator.Generate(candidate, settings, seed, cancellationToken);
            progress.CountGenerated();
            cache.Keep(key, image, CandidateGenerator.Describe(settings, seed, modelName));
            return image;
        }
    }
}
