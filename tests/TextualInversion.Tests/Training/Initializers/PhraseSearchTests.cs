using TextualInversion.Data;
using TextualInversion.Evaluation;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training;
using TextualInversion.Training.Initializers;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training.Initializers;

[Trait("Category", Goldens.Category)]
public sealed class PhraseSearchTests
{
    private static readonly TrainOptions Options = new()
    {
        Vectors = 2,
        BatchSize = 20,
        SearchSteps = 12,
    };

    // A random network is ill-conditioned: there, other orders of sums change losses by up to 1e-3.
    private static string Trained => Goldens.Sample("demo-model");

    [Fact]
    public void Run_SmallModel_GrowsAPhraseWhoseLossesAreThoseOfAllExamples()
    {
        using var fixture = new ImageFixture(Options, Trained);
        var search = Search(fixture, Options);
        var counts = new List<int>();

        var found = search.Run(new ImmediateProgress<int>(counts.Add), ranked: null, CancellationToken.None);

        Assert.Equal(found.Stages[^1], new RankedPhrase(found.Words, found.RelativeLoss));
        foreach (var (index, stage) in found.Stages.Index())
        {
            var words = stage.Words.Split(' ');
            Assert.Equal(index + 1, words.Length);
            Assert.Equal(RelativeLoss(fixture, words), stage.RelativeLoss, 1e-6);
        }

        Assert.True(found.Stages.Count == 1 || found.Stages[1].RelativeLoss < found.Stages[0].RelativeLoss);
        Assert.NotEmpty(found.RunnersUp);
        Assert.All(found.RunnersUp, other => Assert.True(other.RelativeLoss >= found.RelativeLoss));
        Assert.Equal(counts.Order(), counts);
        Assert.InRange(counts[^1], 1, search.LargestCost);
    }

    [Fact]
    public void Run_OneWord_IsBetterThanMostWords()
    {
        using var fixture = new ImageFixture(Options);
        var options = Options with { Vectors = 1 };

        var found = Search(fixture, options)
            .Run(new ImmediateProgress<int>(_ => { }), ranked: null, CancellationToken.None);

        var words = fixture.Model.Tokenizers[0].Words();
        var losses = Enumerable
            .Range(0, 20)
            .Select(i => RelativeLoss(fixture, words[i * words.Count / 20].Word))
            .Order()
            .ToList();
        Assert.InRange(found.RelativeLoss, 0, losses[3]);
    }

    /// <summary>
    /// The demo model knows the words for what the images show: a purple dotted cat with an orange collar.
    /// </summary>
    [Fact]
    [Trait("Category", "EndToEnd")]
    public void Run_DemoModel_FindsTheWordsForTheImages()
    {
        var options = new TrainOptions { Vectors = 2 };
        using var fixture = new ImageFixture(options, Trained, resolution: 128);

        var found = Search(fixture, options)
            .Run(new ImmediateProgress<int>(_ => { }), ranked: null, CancellationToken.None);

        Assert.Superset(new HashSet<string> { "purple", "dotted" }, found.Words.Split(' ').ToHashSet());
        Assert.InRange(found.RelativeLoss, 0, 0.95);
    }

    /// <summary>Each image of the style shows something else. The prompts name it, so the phrase does not.</summary>
    [Fact]
    [Trait("Category", "EndToEnd")]
    public void Run_StyleOnTheDemoModel_FindsWhatEachImageShows()
    {
        var options = new TrainOptions { Vectors = 1, Property = LearnedProperty.Style };
        var images = StyleImages(options);
        using var fixture = new ImageFixture(options, Trained, resolution: 128, images: images);
        var counts = new List<int>();
        var search = Search(fixture, options);

        var found = search.Run(new ImmediateProgress<int>(counts.Add), ranked: null, CancellationToken.None);

        Assert.Equal(["house", "tree", "car", "boat", "cup"], found.Shown);
        Assert.Empty(found.Words.Split(' ').Intersect(found.Shown!)); // which would put a house into each image
        Assert.DoesNotContain(found.Words, found.Shown!);
        Assert.InRange(counts[^1], 1, search.LargestCost);
    }

    [Fact]
    public void Run_StyleWithRankedWords_TriesThoseThatSetEachImageApart()
    {
        var options = new TrainOptions
        {
            Vectors = 1,
            Property = LearnedProperty.Style,
            SearchSteps = 60,
        };
        var images = StyleImages(options);
        using var fixture = new ImageFixture(options, Trained, resolution: 128, images: images);
        var search = Search(fixture, options);
        var clip = Path.Combine(Trained, "clip");
        var ranked = ClipWordRanking.Rank(clip, fixture.Model, images, new ImmediateProgress<int>(_ => { }), default);

        var found = search.Run(new ImmediateProgress<int>(_ => { }), ranked, CancellationToken.None);

        Assert.False(search.TriesAllWords);
        Assert.Equal(["house", "tree", "car", "boat", "cup"], found.Shown);
        Assert.Empty(found.Words.Split(' ').Intersect(found.Shown!)); // which would put a house into each image
    }

    [Fact]
    public void Run_StyleOnALargeVocabulary_TriesAFewWordsOfEachImageWithinTheCost()
    {
        var options = Options with { Property = LearnedProperty.Style, SearchSteps = 8 };
        using var fixture = new ImageFixture(options);
        var search = Search(fixture, options);
        var counts = new List<int>();

        var found = search.Run(new ImmediateProgress<int>(counts.Add), ranked: null, CancellationToken.None);

        Assert.False(search.TriesAllWords);
        Assert.Equal(5, found.Shown!.Count);
        Assert.InRange(counts[^1], 1, search.LargestCost);
        Assert.True(found.Shown.OfType<string>().Distinct().Count() > 1);
    }

    [Fact]
    public void EstimatesOfEachImage_Mean_IsThatOfAllExamples()
    {
        using var scope = NewDisposeScope();
        using var fixture = new ImageFixture(Options);
        using var examples = Examples(fixture, length: 1);

        var each = examples.EstimatesOfEachImage();

        Assert.Equal(5, each.Count);
        var all = examples.Estimates([null], place: 0);
        foreach (var id in new[] { 7, 320, 321 })
            Assert.Equal(all[id], each.Average(own => own[id]), 1e-4);
    }

    [Fact]
    public void Run_StyleWithCaptionsOrOwnTemplates_SearchesForNoShownWords()
    {
        TrainOptions style = Options with { Property = LearnedProperty.Style };
        foreach (var options in new[] { style with { Captions = CaptionUse.Off }, style with { Templates = ["a {}"] } })
        {
            using var fixture = new ImageFixture(options);
            Assert.False(fixture.Prompts.WantsShownWords);
            var found = Search(fixture, options)
                .Run(new ImmediateProgress<int>(_ => { }), ranked: null, CancellationToken.None);
            Assert.Null(found.Shown);
        }
    }

    [Fact]
    public void LargestCost_FewSearchSteps_IsWithinThem()
    {
        using var fixture = new ImageFixture(Options);

        var all = Search(fixture, Options with { SearchSteps = 10_000 });
        var few = Search(fixture, Options with { SearchSteps = 8 });

        Assert.True(all.LargestCostInSteps > 9);
        Assert.InRange(few.LargestCostInSteps, 1, 9);
        var counts = new List<int>();
        few.Run(new ImmediateProgress<int>(counts.Add), ranked: null, CancellationToken.None);
        Assert.InRange(counts[^1], 1, few.LargestCost);
    }

    /// <summary>If not all words can be tried, those for what the images show are estimated once.</summary>
    [Fact]
    public void LargestCost_StyleWithFewSearchSteps_IsNotExceeded()
    {
        var options = Options with { Property = LearnedProperty.Style, SearchSteps = 30, Vectors = 1, HoldOut = true };
        using var fixture = new ImageFixture(options);
        var search = Search(fixture, options);
        var counts = new List<int>();

        var found = search.Run(new ImmediateProgress<int>(counts.Add), ranked: null, CancellationToken.None);

        Assert.False(search.TriesAllWords);
        Assert.Equal(5, found.Shown!.Count);
        Assert.Equal("", found.Shown[^1]); // the image that is held out is not measured
        Assert.InRange(counts[^1], 1, search.LargestCost);
    }

    [Fact]
    public void Run_RankedWordsOfALargeVocabulary_TriesTheBestOfThemAlone()
    {
        using var fixture = new ImageFixture(Options);
        var words = fixture.Model.Tokenizers[0].Words();
        List<RankedWord> ranked = [.. words.Reverse().Select(word => new RankedWord(word.Id, word.Word, [0.5]))];

        var search = Search(fixture, Options with { SearchSteps = 1 });
        var found = search.Run(new ImmediateProgress<int>(_ => { }), ranked, CancellationToken.None);

        Assert.False(search.TriesAllWords);
        var best = ranked.Take(8).Select(word => word.Word);
        Assert.Superset(found.Words.Split(' ').ToHashSet(), best.ToHashSet());
    }

    [Fact]
    public void LargestCost_HugeNumbers_DoNotOverflow()
    {
        using var fixture = new ImageFixture(Options);
        var all = Search(fixture, Options with { SearchSteps = 10_000 });

        var most = Search(fixture, Options with { SearchSteps = int.MaxValue });
        var longSteps = Search(fixture, Options with { BatchSize = 4, GradientAccumulationSteps = 1 << 30 });

        Assert.Equal(all.LargestCost, most.LargestCost);
        Assert.Equal(1, longSteps.LargestCostInSteps);
    }

    [Fact]
    public void Run_Cancelled_Stops()
    {
        using var fixture = new ImageFixture(Options);
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();

        Assert.Throws<OperationCanceledException>(() =>
            Search(fixture, Options).Run(new ImmediateProgress<int>(_ => { }), ranked: null, cancellation.Token)
        );
    }

    /// <summary>
    /// On a trained model, since a random one is too far from linear: a hundredth of the way to another word.
    /// </summary>
    [Fact]
    public void Estimates_DifferenceOfTwoWords_IsTheSlopeBetweenThem()
    {
        using var scope = NewDisposeScope();
        var options = Options with { Vectors = 1 };
        using var fixture = new ImageFixture(options, Trained);
        using var examples = Examples(fixture, length: 1);
        var ids = new[] { "object", "cat", "purple" }.Select(word => Id(fixture, word)).ToArray();
        const double Way = 0.01;

        var estimates = examples.Estimates([ids[0]], place: 0);

        Assert.Equal(fixture.Model.Vocabularies[0].shape[0], estimates.Length); // every token has one
        Assert.All(estimates, estimate => Assert.True(double.IsFinite(estimate)));
        foreach (var id in ids.Skip(1))
        {
            var slope = (At(id, Way) - At(id, -Way)) / (2 * Way);
            Assert.Equal(slope, estimates[id] - estimates[ids[0]], Math.Abs(slope) * 0.05);
        }

        double At(int id, double way)
        {
            var vocabulary = fixture.Model.Vocabularies[0];
            return examples.Score([vocabulary[ids[0]].lerp(vocabulary[id], way).unsqueeze(0)]);
        }
    }

    [Fact]
    public void Measure_SeveralPhrases_IsAsEachAlone()
    {
        using var fixture = new ImageFixture(Options, Trained);
        using var examples = Examples(fixture, length: 2);
        string[][] words =
        [
            ["purple", "cat"],
            ["red", "purple"],
            ["cat", "cat"],
        ];
        int[][] phrases = [.. words.Select(phrase => phrase.Select(word => Id(fixture, word)).ToArray())];

        var together = examples.Measure(phrases, round: 1);

        Assert.True(examples.PhrasesAtOnce(round: 1) > 1);
        Assert.Equal(phrases.Length, together.Count);
        foreach (var (phrase, losses) in phrases.Zip(together))
        {
            foreach (var (expected, actual) in examples.Measure([phrase], round: 1)[0].Zip(losses))
                Assert.Equal(expected, actual, 1e-5);
        }
        Assert.True(Math.Abs(together[0][0] - together[1][0]) > 1e-4);
    }

    private static IReadOnlyList<TrainingImage> StyleImages(TrainOptions options) =>
        TrainingImageSet.Load([Goldens.Sample("my-style")], resolution: 128, options.Crop, options.Mask).Images;

    private static PhraseSearch Search(ImageFixture fixture, TrainOptions options) =>
        new(fixture.Model, fixture.Schedule, Concept(fixture), options);

    private static PhraseExamples Examples(ImageFixture fixture, int length) =>
        new(fixture.Model, fixture.Schedule, Concept(fixture), Options, length);

    private static Concept Concept(ImageFixture fixture) =>
        new(fixture.Placeholder, [], fixture.Images, fixture.Prompts);

    private static double RelativeLoss(ImageFixture fixture, params string[] words)
    {
        using var examples = Examples(fixture, words.Length);
        var rounds = PhraseExamples.RoundSizes(Concept(fixture), fixture.Schedule).Count;
        int[] ids = [.. words.Select(word => Id(fixture, word))];
        return Math.Exp(Enumerable.Range(0, rounds).SelectMany(round => examples.Measure([ids], round)[0]).Average());
    }

    private static int Id(ImageFixture fixture, string word) => fixture.Model.Tokenizers[0].Encode(word)[0];
}
