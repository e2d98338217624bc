using TextualInversion.Cli.ModelAccess;
using TextualInversion.Evaluation;

namespace TextualInversion.Cli.Eval;

/// <summary>The document of <c>ti eval --json</c>.</summary>
internal sealed record EvalJson
{
    public required IReadOnlyList<EvalJsonRow> Rows { get; init; }

    /// <summary>The initializer's scores.</summary>
    public required EvalJsonRow Baseline { get; init; }

    /// <summary>See <see cref="EvaluationResult.Ceiling"/>.</summary>
    public required double? Ceiling { get; init; }

    /// <summary>See <see cref="EvaluationResult.Floor"/>.</summary>
    public required double Floor { get; init; }

    /// <summary>The embedding to keep; null if no embedding is worth keeping.</summary>
    public required string? Chosen { get; init; }

    public required string Reason { get; init; }

    public required string Initializer { get; init; }

    public required string Model { get; init; }

    public required int Count { get; init; }

    public required ulong Seed { get; init; }

    public required string BarePrompt { get; init; }

    public required IReadOnlyList<string> EditPrompts { get; init; }

    public required long PeakMemoryBytes { get; init; }

    public static EvalJson Of(EvaluationResult result, string model, string initializer, EvaluationOptions options) =>
        new()
        {
            Rows = [.. result.Rows.Select(row => EvalJsonRow.Of(row, Path.GetFullPath(row.Name)))],
            Baseline = EvalJsonRow.Of(result.Baseline, embedding: null),
            Ceiling = result.Ceiling,
            Floor = result.Floor,
            Chosen = result.Choice.Name is { } chosen ? Path.GetFullPath(chosen) : null,
            Reason = result.Choice.Reason,
            Initializer = initializer,
            Model = model,
            Count = options.Count,
            Seed = options.Seed,
            BarePrompt = options.BarePrompt,
            EditPrompts = options.EditPrompts,
            PeakMemoryBytes = ProcessMemory.PeakBytes(),
        };
}

/// <summary>The scores of one embedding, or of the initializer.</summary>
internal sealed record EvalJsonRow
{
    /// <summary>The file's absolute path; null for the initializer.</summary>
    public required string? Embedding { get; init; }

    public required double ImageSimilarity { get; init; }

    /// <summary>The standard error, as in every field with such a name.</summary>
    public required double ImageSimilarityError { get; init; }

    public required double TextSimilarity { get; init; }

    public required double TextSimilarityError { get; init; }

    /// <summary>The difference from the baseline, paired by seed.</summary>
    public required double ImageSimilarityGain { get; init; }

    public required double ImageSimilarityGainError { get; init; }

    /// <summary>The difference from the baseline, paired by seed.</summary>
    public required double TextSimilarityGain { get; init; }

    public required double TextSimilarityGainError { get; init; }

    /// <summary>Image similarity by DINOv2; null without <c>--dino-model</c>, as the three below.</summary>
    public double? DinoSimilarity { get; init; }

    public double? DinoSimilarityError { get; init; }

    /// <summary>The difference from the baseline, paired by seed.</summary>
    public double? DinoSimilarityGain { get; init; }

    public double? DinoSimilarityGainError { get; init; }

    public required IReadOnlyList<Diagnostic> Warnings { get; init; }

    public required IReadOnlyList<EvalJsonImage> Images { get; init; }

    public static EvalJsonRow Of(EvaluationRow row, string? embedding) =>
        new()
        {
            Embedding = embedding,
            ImageSimilarity = row.ImageSimilarity.Mean,
            ImageSimilarityError = row.ImageSimilarity.StandardError,
            TextSimilarity = row.TextSimilarity.Mean,
            TextSimilarityError = row.TextSimilarity.StandardError,
            ImageSimilarityGain = row.ImageSimilarityGain.Mean,
            ImageSimilarityGainError = row.ImageSimilarityGain.StandardError,
            TextSimilarityGain = row.TextSimilarityGain.Mean,
            TextSimilarityGainError = row.TextSimilarityGain.StandardError,
            DinoSimilarity = row.Dino?.Similarity.Mean,
            DinoSimilarityError = row.Dino?.Similarity.StandardError,
            DinoSimilarityGain = row.Dino?.Gain.Mean,
            DinoSimilarityGainError = row.Dino?.Gain.StandardError,
            Warnings = row.Warnings,
            Images = [.. row.Images.Select(image => EvalJsonImage.Of(image))],
        };
}

/// <summary>A generated image.</summary>
/// <param name="Prompt">The full prompt.</param>
/// <param name="Seed">The seed of its noise.</param>
/// <param name="Path">The file's absolute path.</param>
internal sealed record EvalJsonImage(string Prompt, ulong Seed, string Path)
{
    public static EvalJsonImage Of(ScoredImage image) =>
        new(image.Prompt, image.Seed, System.IO.Path.GetFullPath(image.Path));
}
