using System.Globalization;
using TextualInversion.Evaluation;

namespace TextualInversion.Cli.Eval;

/// <summary>The scores as text.</summary>
internal static class EvalTable
{
    private const string Given = "given images, two by two";

    public static void Write(TextWriter output, EvaluationResult result)
    {
        var width = result.Rows.Append(result.Baseline).Max(row => row.Name.Length);
        width = Math.Max(width, Given.Length);
        output.WriteLine(
            $"{"".PadRight(width)}  {"imageSimilarity", -16}  {"textSimilarity", -16}  likeness over {result.Baseline.Name}"
        );
        foreach (var row in result.Rows)
            output.WriteLine(
                $"{row.Name.PadRight(width)}  {Text(row.ImageSimilarity)}  {Text(row.TextSimilarity)}  {Signed(row.LikenessGain)}"
            );
        output.WriteLine(
            $"{result.Baseline.Name.PadRight(width)}  {Text(result.Baseline.ImageSimilarity)}  {Text(result.Baseline.TextSimilarity)}"
        );
        if (result.Ceiling is { } ceiling)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Given.PadRight(width)}  {ceiling:F4}"));
        foreach (var row in result.Rows)
        {
            foreach (var sign in row.Signs)
                output.WriteLine($"warning: {row.Name}: {sign.Text}");
        }

        output.WriteLine($"keep {result.Choice.Name ?? "none"}: {result.Choice.Reason}");
    }

    /// <summary>A mean and its standard error.</summary>
    public static string Text(Estimate estimate) =>
        string.Create(CultureInfo.InvariantCulture, $"{estimate.Mean:F4} ± {estimate.StandardError:F4}");

    public static string Signed(Estimate estimate) =>
        string.Create(CultureInfo.InvariantCulture, $"{estimate.Mean:+0.0000;-0.0000} ± {estimate.StandardError:F4}");
}
