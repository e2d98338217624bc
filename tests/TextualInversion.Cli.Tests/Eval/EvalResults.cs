using TextualInversion.Evaluation;

namespace TextualInversion.Cli.Tests.Eval;

/// <summary>Makes evaluation results without a model.</summary>
internal static class EvalResults
{
    /// <param name="rows">The name and the image similarity of each candidate.</param>
    public static EvaluationResult Make(params (string Name, double ImageSimilarity)[] rows) =>
        new(
            [.. rows.Select(row => Row(row.Name, row.ImageSimilarity))],
            Row("\"cat\"", 0.5),
            Ceiling: 0.9,
            Floor: 0.1,
            new Choice(rows[0].Name, "it has the best balance")
        );

    private static EvaluationRow Row(string name, double imageSimilarity) =>
        new(
            name,
            new Estimate(imageSimilarity, 0.01),
            new Estimate(0.3, 0.02),
            new Estimate(imageSimilarity - 0.5, 0.01),
            new Estimate(0, 0.02),
            Warnings: [],
            Images: []
        );
}
