using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Evaluation;

namespace TextualInversion.Cli.Eval;

/// <summary>The scores as <c>ti eval --json</c> prints them.</summary>
internal static class EvalJson
{
    public static string Serialize(
        EvaluationResult result,
        string model,
        string initializer,
        EvaluationOptions options
    ) =>
        JsonOutput.Serialize(
            new
            {
                Rows = result.Rows.Select(row => Row(row, row.Name)),
                Baseline = Row(result.Baseline, embedding: null),
                result.Ceiling,
                result.Floor,
                Chosen = result.Choice.Name,
                result.Choice.Reason,
                Initializer = initializer,
                Model = model,
                options.Count,
                options.Seed,
                options.BarePrompt,
                options.EditPrompts,
                PeakMemoryBytes = ProcessMemory.PeakBytes(),
            }
        );

    private static object Row(EvaluationRow row, string? embedding) =>
        new
        {
            Embedding = embedding,
            ImageSimilarity = row.ImageSimilarity.Mean,
            LikenessError = row.ImageSimilarity.StandardError,
            TextSimilarity = row.TextSimilarity.Mean,
            ObedienceError = row.TextSimilarity.StandardError,
            LikenessGain = row.LikenessGain.Mean,
            LikenessGainError = row.LikenessGain.StandardError,
            ObedienceGain = row.ObedienceGain.Mean,
            ObedienceGainError = row.ObedienceGain.StandardError,
            Warnings = row.Signs,
            Images = row.Images.Select(image => new
            {
                image.Prompt,
                image.Seed,
                Path = JsonOutput.Relative(image.Path),
            }),
        };
}
