using TextualInversion.Evaluation;

namespace TextualInversion.Tests.Evaluation;

/// <summary>CLIP embeddings are vectors in a plane here, given by an angle in degrees for each image.</summary>
public sealed class DiagnosticsFinderTests
{
    private static readonly double[] Given = [0, 10, 20],
        Ordinary = [60, 90, 120],
        Nothing = [150, 180, 210],
        Learned = [5, 25, 35];

    [Fact]
    public void Find_HealthyWord_HasNoSign() => Assert.Empty(Find(Learned, [175, 180, 185]));

    [Fact]
    public void Find_NoMoreLikeThanTheInitializer_IsNamedWithItsGain()
    {
        var sign = Assert.Single(
            Find([70, 95, 115], [175, 180, 185], new Estimate(-0.02, 0.03)),
            sign => sign.Kind == DiagnosticKind.LearnedNothing
        );

        Assert.Equal((-0.02, 0.06), (sign.Value, sign.Limit));
        Assert.Contains("not more similar to the training images than \"cat\": image similarity -0.0200", sign.Text);
    }

    [Fact]
    public void Find_ImagesOfTheInitializer_IsNamed() =>
        Assert.Contains(
            Find([61, 91, 121], [175, 180, 185]),
            sign =>
                sign.Kind == DiagnosticKind.PlaceholderChangesNothing
                && sign.Text.Contains("the same as with \"cat\"", StringComparison.Ordinal)
        );

    [Fact]
    public void Find_ImagesWithoutTheWord_IsNamed() =>
        Assert.Contains(
            Find([151, 181, 211], [175, 180, 185]),
            sign =>
                sign.Kind == DiagnosticKind.PlaceholderChangesNothing
                && sign.Text.Contains("without the placeholder token", StringComparison.Ordinal)
        );

    [Fact]
    public void Find_SeedsAlike_IsNamedWithTheirCosine()
    {
        var sign = Assert.Single(Find([30, 31, 32], [175, 180, 185]));

        Assert.Equal(DiagnosticKind.SeedsAlike, sign.Kind);
        Assert.Equal((2 * Cosine(1) + Cosine(2)) / 3, sign.Value, 6);
    }

    [Fact]
    public void Find_CopyOfAGivenImage_IsNamed() =>
        Assert.Equal(DiagnosticKind.CopiesImage, Assert.Single(Find([10.5, 40, 70], [175, 180, 185])).Kind);

    [Fact]
    public void Find_PromptThatChangesNothing_IsNamed()
    {
        var sign = Assert.Single(Find(Learned, Learned));

        Assert.Equal((DiagnosticKind.PromptChangesNothing, 0), (sign.Kind, sign.Value));
        Assert.Contains("\"{} on a beach\" has no effect", sign.Text);
    }

    [Fact]
    public void Find_OneGivenImage_LooksForNoCopy() => Assert.Empty(Find([0, 25, 50], [175, 180, 185], given: [0]));

    private static IReadOnlyList<Diagnostic> Find(
        double[] bare,
        double[] edited,
        Estimate? gain = null,
        double[]? given = null
    )
    {
        var baseline = new CandidateImages(Images(Ordinary), [Images([178, 179, 180])]);
        var finder = new DiagnosticsFinder(
            baseline,
            "\"cat\"",
            Images(Nothing),
            [.. (given ?? Given).Select(Point)],
            ["{} on a beach"],
            [Point(180)]
        );
        return finder.Find(new CandidateImages(Images(bare), [Images(edited)]), gain ?? new Estimate(0.5, 0.01));
    }

    private static List<ScoredImage> Images(double[] degrees) =>
        [.. degrees.Select((angle, seed) => new ScoredImage("", (ulong)seed, "", Point(angle)))];

    private static float[] Point(double degrees) =>
        [(float)Math.Cos(degrees * Math.PI / 180), (float)Math.Sin(degrees * Math.PI / 180)];

    private static double Cosine(double degrees) => Math.Cos(degrees * Math.PI / 180);
}
