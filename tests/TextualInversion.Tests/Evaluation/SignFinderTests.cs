using TextualInversion.Evaluation;

namespace TextualInversion.Tests.Evaluation;

/// <summary>Embeddings in a plane: an angle in degrees for each picture.</summary>
public sealed class SignFinderTests
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
            sign => sign.Kind == SignKind.LearnedNothing
        );

        Assert.Equal((-0.02, 0.06), (sign.Value, sign.Limit));
        Assert.Contains("no more like the given pictures than \"cat\": -0.0200", sign.Text);
    }

    [Fact]
    public void Find_PicturesOfTheInitializer_IsNamed() =>
        Assert.Contains(
            Find([61, 91, 121], [175, 180, 185]),
            sign =>
                sign.Kind == SignKind.WordChangesNothing
                && sign.Text.Contains("those of \"cat\"", StringComparison.Ordinal)
        );

    [Fact]
    public void Find_PicturesWithoutTheWord_IsNamed() =>
        Assert.Contains(
            Find([151, 181, 211], [175, 180, 185]),
            sign =>
                sign.Kind == SignKind.WordChangesNothing
                && sign.Text.Contains("without the word", StringComparison.Ordinal)
        );

    [Fact]
    public void Find_SeedsAlike_IsNamedWithTheirCosine()
    {
        var sign = Assert.Single(Find([30, 31, 32], [175, 180, 185]));

        Assert.Equal(SignKind.SeedsAlike, sign.Kind);
        Assert.Equal((2 * Cosine(1) + Cosine(2)) / 3, sign.Value, 6);
    }

    [Fact]
    public void Find_CopyOfAGivenPicture_IsNamed() =>
        Assert.Equal(SignKind.CopiesPicture, Assert.Single(Find([10.5, 40, 70], [175, 180, 185])).Kind);

    [Fact]
    public void Find_PromptThatChangesNothing_IsNamed()
    {
        var sign = Assert.Single(Find(Learned, Learned));

        Assert.Equal((SignKind.PromptChangesNothing, 0), (sign.Kind, sign.Value));
        Assert.Contains("\"{} on a beach\" changes nothing", sign.Text);
    }

    [Fact]
    public void Find_OneGivenPicture_LooksForNoCopy() => Assert.Empty(Find([0, 25, 50], [175, 180, 185], given: [0]));

    private static IReadOnlyList<Sign> Find(
        double[] bare,
        double[] edited,
        Estimate? gain = null,
        double[]? given = null
    )
    {
        var baseline = new CandidatePictures(Pictures(Ordinary), [Pictures([178, 179, 180])]);
        var finder = new SignFinder(
            baseline,
            "\"cat\"",
            Pictures(Nothing),
            [.. (given ?? Given).Select(Point)],
            ["{} on a beach"],
            [Point(180)]
        );
        return finder.Find(new CandidatePictures(Pictures(bare), [Pictures(edited)]), gain ?? new Estimate(0.5, 0.01));
    }

    private static List<ScoredPicture> Pictures(double[] degrees) =>
        [.. degrees.Select((angle, seed) => new ScoredPicture("", (ulong)seed, "", Point(angle)))];

    private static float[] Point(double degrees) =>
        [(float)Math.Cos(degrees * Math.PI / 180), (float)Math.Sin(degrees * Math.PI / 180)];

    private static double Cosine(double degrees) => Math.Cos(degrees * Math.PI / 180);
}
