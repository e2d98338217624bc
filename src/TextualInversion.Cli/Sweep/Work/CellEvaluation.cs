using System.Text.Json;
using TextualInversion.Cli.Eval;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Sweep.Plan;
using TextualInversion.IO;

namespace TextualInversion.Cli.Sweep.Work;

/// <summary>The scores of a cell by <c>ti eval</c>: <c>evaluations/CELL.json</c>.</summary>
internal sealed record CellEvaluation
{
    /// <summary>The options of the evaluation. With others, the cell is evaluated again.</summary>
    public required IReadOnlyList<string> Options { get; init; }

    public required double ImageSimilarity { get; init; }

    /// <summary>The standard error.</summary>
    public required double ImageSimilarityError { get; init; }

    public required double TextSimilarity { get; init; }

    /// <summary>The standard error.</summary>
    public required double TextSimilarityError { get; init; }

    /// <summary>Image similarity by DINOv2, or null without <c>dino-model</c>.</summary>
    public double? DinoSimilarity { get; init; }

    /// <param name="cell">The cell.</param>
    /// <param name="json">What <c>ti eval --json</c> printed for it.</param>
    public static CellEvaluation Of(SweepCell cell, string json)
    {
        var row = JsonOutput.Deserialize<EvalJson>(json).Rows[0];
        return new CellEvaluation
        {
            Options = cell.Evaluation!,
            ImageSimilarity = row.ImageSimilarity,
            ImageSimilarityError = row.ImageSimilarityError,
            TextSimilarity = row.TextSimilarity,
            TextSimilarityError = row.TextSimilarityError,
            DinoSimilarity = row.DinoSimilarity,
        };
    }

    /// <summary>The scores of a cell with its present options, or null if there are none.</summary>
    public static CellEvaluation? Find(SweepFolder folder, SweepCell cell)
    {
        try
        {
            var found = JsonOutput.Deserialize<CellEvaluation>(File.ReadAllText(folder.EvaluationOf(cell.Name)));
            return cell.Evaluation is { } options && found.Options.SequenceEqual(options) ? found : null;
        }
        catch (Exception error) when (error is JsonException || IoErrors.IsFileError(error))
        {
            return null;
        }
    }

    /// <exception cref="TextualInversionException">The file cannot be written.</exception>
    public void Write(SweepFolder folder, SweepCell cell) =>
        AtomicFile.WriteText(folder.EvaluationOf(cell.Name), overwrite: true, JsonOutput.Serialize(this) + "\n");
}
