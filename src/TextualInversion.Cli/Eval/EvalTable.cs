using System.Globalization;
using TextualInversion.Cli.Terminal;
using TextualInversion.Evaluation;

namespace TextualInversion.Cli.Eval;

/// <summary>The scores as text.</summary>
internal static class EvalTable
{
    public const string TrainingImages = "training images, pairwise";

    public static void Write(TextWriter output, EvaluationResult result)
    {
        var table = new PlainTable()
            .AddColumn()
            .AddColumn("image similarity", wraps: false)
            .AddColumn("text similarity", wraps: false)
            .AddColumn("gain", wraps: false);
        var baseline = result.Baseline;
        if (baseline.Dino is not null)
            table.AddColumn("DINOv2 similarity", wraps: false).AddColumn("gain", wraps: false);
        foreach (var row in result.Rows)
            table.AddRow([
                row.Name,
                Text(row.ImageSimilarity),
                Text(row.TextSimilarity),
                Signed(row.ImageSimilarityGain),
                .. row.Dino is { } dino ? [Text(dino.Similarity), Signed(dino.Gain)] : Array.Empty<string>(),
            ]);
        string[] own = baseline.Dino is { } score ? ["", Text(score.Similarity)] : [];
        table.AddRow([baseline.Name, Text(baseline.ImageSimilarity), Text(baseline.TextSimilarity), .. own]);
        if (result.Ceiling is { } ceiling)
            table.AddRow(TrainingImages, ceiling.ToString("F4", CultureInfo.InvariantCulture));
        table.Write(output);
        output.WriteLine($"gain: image similarity over {baseline.Name}");
        foreach (var row in result.Rows)
        {
            foreach (var warning in row.Warnings)
                output.WriteLine($"warning: {row.Name}: {warning.Text}");
        }

        output.WriteLine($"keep {result.Choice.Name ?? "none"}: {result.Choice.Reason}");
    }

    /// <summary>A mean and its standard error.</summary>
    public static string Text(Estimate estimate) =>
        string.Create(CultureInfo.InvariantCulture, $"{estimate.Mean:F4} ± {estimate.StandardError:F4}");

    public static string Signed(Estimate estimate) =>
        string.Create(CultureInfo.InvariantCulture, $"{estimate.Mean:+0.0000;-0.0000} ± {estimate.StandardError:F4}");
}
