using TextualInversion.Cli.Eval;
using TextualInversion.Evaluation;

namespace TextualInversion.Cli.Tests.Eval;

public sealed class EvalTableTests
{
    [Fact]
    public void Write_Rows_AlignUnderTheirHeadings()
    {
        var lines = Lines(EvalResults.Make(("a/long/path/to/cat.safetensors", 0.6), ("b", 0.7)));

        var column = lines[0].IndexOf("image similarity", StringComparison.Ordinal);
        Assert.Equal("0.6000 ± 0.0100", lines[1].Substring(column, 15));
        Assert.Equal("0.7000 ± 0.0100", lines[2].Substring(column, 15));
        Assert.StartsWith("\"cat\"", lines[3]);
        Assert.Equal("0.9000", lines[4][column..]);
    }

    [Fact]
    public void Write_OneTrainingImage_HasNoCeiling() =>
        Assert.DoesNotContain(
            Lines(EvalResults.Make(("a", 0.6)) with { Ceiling = null }),
            line => line.StartsWith(EvalTable.TrainingImages, StringComparison.Ordinal)
        );

    [Fact]
    public void Write_Warning_NamesTheRow()
    {
        var warning = new Diagnostic(DiagnosticKind.SeedsAlike, 0.99, 0.9, "images of different seeds are too similar");
        var result = EvalResults.Make(("a", 0.6));

        var lines = Lines(result with { Rows = [result.Rows[0] with { Warnings = [warning] }] });

        Assert.Contains("warning: a: images of different seeds are too similar", lines);
    }

    [Theory]
    [InlineData("a", "keep a: because")]
    [InlineData(null, "keep none: because")]
    public void Write_Choice_IsTheLastLine(string? name, string expected) =>
        Assert.Equal(expected, Lines(EvalResults.Make(("a", 0.6)) with { Choice = new Choice(name, "because") })[^1]);

    private static string[] Lines(EvaluationResult result)
    {
        using var output = new StringWriter();
        EvalTable.Write(output, result);
        return output.ToString().TrimEnd().Split(Environment.NewLine);
    }
}
