using System.Xml.Linq;
using TextualInversion.Cli.Eval;
using TextualInversion.Data;
using TextualInversion.Evaluation;

namespace TextualInversion.Cli.Tests.Eval;

public sealed class EvalReportTests
{
    private const string Hostile = "\"'><script>alert(1)</script>";

    [Fact]
    public void Write_TextsOfUsers_AreEscapedEverywhere()
    {
        var result = EvalResults.Make((Hostile, 0.6));
        var warning = new Diagnostic(DiagnosticKind.SeedsAlike, 1, 1, Hostile);
        var rows = new[] { result.Rows[0] with { Warnings = [warning] } };

        var page = Write(result with { Rows = rows, Choice = new Choice(Hostile, Hostile) }, Hostile);

        Assert.DoesNotContain("<script", page);
        Assert.DoesNotContain("\"'>", page);
    }

    [Fact]
    public void Write_EachRow_HasASection()
    {
        var page = Write(EvalResults.Make(("a", 0.6), ("b", 0.7)), "settings");

        Assert.Contains("<h2>1 &#183; a</h2>", page.Replace("·", "&#183;", StringComparison.Ordinal));
        Assert.Contains("training image 1", page);
        Assert.Contains("Keep a", page);
    }

    [Fact]
    public void Draw_ChosenRowAndBaseline_AreMarked()
    {
        var plot = XElement.Parse(EvalPlot.Draw(EvalResults.Make(("a", 0.6), ("b", 0.7))).ToString());

        Assert.Equal(
            ["baseline", "chosen", "other"],
            plot.Elements("g").Select(point => (string?)point.Attribute("class"))
        );
        Assert.Equal(["0", "1", "2"], plot.Elements("g").Select(point => point.Element("text")!.Value));
    }

    private static string Write(EvaluationResult result, string settings) =>
        new EvalReport(result, [new RgbImage(new byte[8 * 8 * 3], 8, 8)], settings).Write();
}
