using TextualInversion.Evaluation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion;

/// <summary>An evaluation of the public API: from embeddings and images to scores.</summary>
internal sealed class EmbeddingEvaluation(
    StableDiffusionModel model,
    IReadOnlyList<Embedding> embeddings,
    TrainingImages images,
    EvaluateOptions wanted
)
{
    /// <param name="network">The model's network.</param>
    /// <param name="clipFolder">The CLIP model that judges.</param>
    /// <param name="progress">Receives each image.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <exception cref="TextualInversionException">
    /// An option is wrong, an embedding does not fit, or an image cannot be read.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public EvaluationScores Run(
        IDiffusionModel network,
        string clipFolder,
        IProgress<EvaluateProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var options = Resolve();
        options.Validate();
        var initializer = wanted.Initializer ?? RecordedInitializer(embeddings.Select(each => each.Provenance));
        _ = Initializer.Parse(network.Tokenizers[0], initializer); // refuses what the model does not know
        var candidates = embeddings.Select((embedding, index) => ToCandidate(network, embedding, index)).ToList();
        try
        {
            return ToScores(
                Evaluate(network, candidates, initializer, clipFolder, options, progress, cancellationToken)
            );
        }
        finally
        {
            foreach (var rows in candidates.SelectMany(candidate => candidate.Rows!))
                rows.Dispose();
        }
    }

    private EvaluationResult Evaluate(
        IDiffusionModel network,
        IReadOnlyList<Candidate> candidates,
        string initializer,
        string clipFolder,
        EvaluationOptions options,
        IProgress<EvaluateProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        using var scorer = new ClipScorer(clipFolder, network.Device);
        var generator = new CandidateGenerator(
            network,
            model.Scheduler,
            $"{ModelFingerprint.Of(model.Files)} {model.Precision}"
        );
        using var temporary = wanted.CacheFolder is null ? new TemporaryCache() : null;
        var cache = new ImageCache(wanted.CacheFolder ?? temporary!.Folder);
        return new Evaluator(generator, scorer, cache, options).Run(
            candidates,
            initializer,
            images.Decode(),
            model.Source,
            progress is null ? null : new Forwarded(progress),
            cancellationToken
        );
    }

    private EvaluationOptions Resolve() =>
        new()
        {
            BarePrompt = EvaluationPrompts.Bare(wanted.Property),
            EditPrompts = wanted.Prompts is { Count: > 0 } own ? own : EvaluationPrompts.Edits(wanted.Property),
            Count = wanted.Count,
            Seed = wanted.Seed,
            Generation = model.Resolve("", wanted.Generation),
        };

    /// <summary>The words that all embeddings started from.</summary>
    /// <exception cref="TextualInversionException">
    /// No embedding records them, or they record different ones.
    /// </exception>
    public static string RecordedInitializer(IEnumerable<EmbeddingProvenance> provenances)
    {
        var recorded = provenances.Select(each => each.Initializer).OfType<string>().Distinct().ToList();
        return recorded.Count == 1
            ? recorded[0]
            : throw TextualInversionException.ForParameter(
                nameof(EvaluateOptions.Initializer),
                recorded.Count == 0
                    ? "is missing: no embedding records its initializer; name a word for what the images show, "
                        + "such as cat."
                    : $"is missing: the embeddings record {string.Join(", ", recorded)}; name the one to compare with."
            );
    }

    /// <summary>The token; of several embeddings with one token, with a number.</summary>
    private string NameOf(int index)
    {
        var token = embeddings[index].Token;
        var number = embeddings.Take(index).Count(other => other.Token == token) + 1;
        return number == 1 ? token : $"{token} ({number})";
    }

    private Candidate ToCandidate(IDiffusionModel network, Embedding embedding, int index)
    {
        var (_, rows) = ImageGenerator.Prepare(network, [embedding]);
        return new Candidate(
            NameOf(index),
            embedding.Token,
            [Placeholder.Parse(embedding.Token, embedding.Vectors)],
            rows
        );
    }

    private EvaluationScores ToScores(EvaluationResult result)
    {
        var names = Enumerable.Range(0, embeddings.Count).Select(NameOf).ToList();
        return new EvaluationScores(
            [.. result.Rows.Select(ToScores)],
            ToScores(result.Baseline),
            result.Ceiling,
            result.Floor,
            result.Choice.Name is { } chosen ? names.IndexOf(chosen) : null,
            result.Choice.Reason
        );
    }

    private static EmbeddingScores ToScores(EvaluationRow row) =>
        new(
            row.Name,
            new ScoreEstimate(row.ImageSimilarity.Mean, row.ImageSimilarity.StandardError),
            new ScoreEstimate(row.TextSimilarity.Mean, row.TextSimilarity.StandardError),
            [.. row.Warnings.Select(warning => warning.Text)]
        );

    private sealed class Forwarded(IProgress<EvaluateProgress> progress) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => progress.Report(new EvaluateProgress(value.Done, value.Total));
    }

    private sealed class TemporaryCache : IDisposable
    {
        public string Folder { get; } = Directory.CreateTempSubdirectory("textual-inversion-").FullName;

        public void Dispose() => Directory.Delete(Folder, recursive: true);
    }
}
