using TextualInversion.Data;
using TextualInversion.Generation;

namespace TextualInversion.Evaluation;

/// <summary>How far an evaluation is.</summary>
/// <param name="Done">pictures that are there</param>
/// <param name="Total">pictures in all</param>
/// <param name="Painted">of those done, how many were painted now and not found in the cache</param>
public sealed record EvaluationProgress(int Done, int Total, int Painted);

/// <summary>
/// The two scores of the paper (Gal et al. 2022, https://arxiv.org/abs/2208.01618, section 5): likeness, how near pictures of the word are
/// to the given ones, and obedience, how well prompts with the word are still followed; beside them what makes them readable.
/// </summary>
public sealed class Evaluator(CandidatePainter painter, ClipScorer clip, PictureCache cache, EvaluationOptions options)
{
    private int done,
        total,
        painted;

    /// <param name="candidates">what to compare, at least one</param>
    /// <param name="initializer">the word that the candidates are compared with</param>
    /// <param name="given">the given pictures, at least one</param>
    /// <param name="modelName">as it is written into the pictures</param>
    /// <param name="progress">told of each picture</param>
    /// <param name="cancellationToken">ends it between two steps; what was painted stays in the cache</param>
    /// <exception cref="TextualInversionException">A picture cannot be written, or an option is out of range.</exception>
    public EvaluationResult Run(
        IReadOnlyList<Candidate> candidates,
        string initializer,
        IReadOnlyList<RgbPicture> given,
        string modelName,
        IProgress<EvaluationProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        options.Validate();
        (done, painted) = (0, 0);
        total = options.Count * ((1 + candidates.Count) * (1 + options.EditPrompts.Count) + 1);
        var pictures = new List<float[]>();
        foreach (var picture in given)
            pictures.Add(clip.Embed(picture));
        var texts = options
            .EditPrompts.Select(prompt => clip.Embed(EvaluationPrompts.WithoutPlaceholder(prompt)))
            .ToList();
        IReadOnlyList<ScoredPicture> Make(Candidate candidate, string template) =>
            MakePictures(candidate, template, modelName, progress, cancellationToken);
        CandidatePictures MakeAll(Candidate candidate) =>
            new(
                Make(candidate, options.BarePrompt),
                [.. options.EditPrompts.Select(prompt => Make(candidate, prompt))]
            );

        var word = Candidate.Ordinary($"\"{initializer}\"", initializer);
        var baseline = MakeAll(word);
        var blank = Make(Candidate.Ordinary("", ""), options.BarePrompt);
        var finder = new SignFinder(baseline, word.Name, blank, pictures, options.EditPrompts, texts);
        IReadOnlyList<double> baseLikeness = baseline.Likeness(pictures),
            baseObedience = baseline.Obedience(texts);
        EvaluationRow Score(Candidate candidate, CandidatePictures made)
        {
            IReadOnlyList<double> likeness = made.Likeness(pictures),
                obedience = made.Obedience(texts);
            var gain = Estimate.OfDifferences(likeness, baseLikeness);
            var signs = made == baseline ? [] : finder.Find(made, gain);
            return new EvaluationRow(
                candidate.Name,
                Estimate.Of(likeness),
                Estimate.Of(obedience),
                gain,
                Estimate.OfDifferences(obedience, baseObedience),
                signs,
                made.All
            );
        }

        var rows = candidates.Select(candidate => Score(candidate, MakeAll(candidate))).ToList();
        var baseRow = Score(word, baseline);
        double? ceiling = pictures.Count < 2 ? null : CandidatePictures.MeanOfPairs(pictures);
        var floor = baseline.ObedienceOfBare(texts).Average();
        return new EvaluationResult(rows, baseRow, ceiling, floor, Choice.Of(rows, baseRow, ceiling, floor));
    }

    private List<ScoredPicture> MakePictures(
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
        var made = new List<ScoredPicture>();
        for (var i = 0; i < options.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var seed = options.Seed + (ulong)i;
            var key = painter.Key(candidate, generation, seed);
            made.Add(
                new ScoredPicture(
                    prompt,
                    seed,
                    cache.PathOf(key),
                    EmbeddingOf(key, () => PictureOf(key, candidate, generation, seed, modelName, cancellationToken))
                )
            );
            progress?.Report(new EvaluationProgress(++done, total, painted));
        }

        return made;
    }

    private float[] EmbeddingOf(string key, Func<RgbPicture> picture)
    {
        if (cache.Has(key) && cache.FindEmbedding(key, clip.Hash) is { } known)
            return known;
        var embedding = clip.Embed(picture());
        cache.KeepEmbedding(key, clip.Hash, embedding);
        return embedding;
    }

    private RgbPicture PictureOf(
        string key,
        Candidate candidate,
        GenerateOptions generation,
        ulong seed,
        string modelName,
        CancellationToken cancellationToken
    )
    {
        if (cache.Find(key) is { } known)
            return known;
        var picture = painter.Paint(candidate, generation, seed, cancellationToken);
        painted++;
        cache.Keep(key, picture, CandidatePainter.Describe(generation, seed, modelName));
        return picture;
    }
}
