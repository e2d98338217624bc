using TextualInversion.Tests.Fixtures;
using TextualInversion.Training;
using TextualInversion.Training.Initializers;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training.Initializers;

[Trait("Category", Goldens.Category)]
public sealed class InitializerSearchTests
{
    private static readonly TrainOptions Options = new() { Vectors = 2, BatchSize = 20 };

    [Fact]
    public void Run_SmallModel_RanksByTheValidationLossAndNearlyAsWellAsTryingAll()
    {
        using var scope = NewDisposeScope();
        using var fixture = new ImageFixture(Options);
        using var search = new InitializerSearch(
            fixture.Model,
            fixture.Schedule,
            new Concept(fixture.Placeholder, [], fixture.Images, fixture.Prompts),
            Options
        );
        var told = new List<int>();

        var found = search.Run(
            fixture.Model.Tokenizers[0].Encode("object")[0],
            new ImmediateProgress<int>(told.Add),
            CancellationToken.None
        );

        var words = fixture.Model.Tokenizers[0].Words();
        var losses = words.ToDictionary(word => word.Word, word => Loss(fixture, word.Id));
        Assert.Equal(10, found.Count);
        Assert.Equal(found.OrderBy(word => word.Loss), found);
        Assert.All(found, word => Assert.Equal(losses[word.Word], word.Loss, 1e-9));
        Assert.Contains(found[0].Word, losses.OrderBy(pair => pair.Value).Take(3).Select(pair => pair.Key));
        Assert.Equal(search.Cost, told[^1]);
        Assert.Equal(told.Order(), told);
    }

    /// <summary>
    /// Uses a trained model, since the loss of a random one curves too strongly. A hundredth of the way to another word
    /// and back, the loss is almost linear.
    /// </summary>
    [Fact]
    public void Estimates_AreTheSlopesTowardsTheWords()
    {
        using var scope = NewDisposeScope();
        using var fixture = new ImageFixture(Options, Goldens.Sample("demo-model"));
        using var search = new InitializerSearch(
            fixture.Model,
            fixture.Schedule,
            new Concept(fixture.Placeholder, [], fixture.Images, fixture.Prompts),
            Options
        );
        var ids = new[] { "object", "cat", "purple" }
            .Select(word => fixture.Model.Tokenizers[0].Encode(word)[0])
            .ToArray();
        const double way = 0.01;

        var estimates = search.Estimates(ids[0]);

        foreach (var id in ids[1..])
        {
            var slope = (Loss(fixture, ids[0], id, way) - Loss(fixture, ids[0], id, -way)) / (2 * way);
            Assert.Equal(slope, estimates[id] - estimates[ids[0]], 0.05 * Math.Abs(slope));
        }
    }

    [Fact]
    public void Run_Cancelled_Ends()
    {
        using var scope = NewDisposeScope();
        using var fixture = new ImageFixture(Options);
        using var search = new InitializerSearch(
            fixture.Model,
            fixture.Schedule,
            new Concept(fixture.Placeholder, [], fixture.Images, fixture.Prompts),
            Options
        );

        Assert.Throws<OperationCanceledException>(() =>
            search.Run(0, new ImmediateProgress<int>(_ => { }), new CancellationToken(canceled: true))
        );
    }

    private static double Loss(ImageFixture fixture, int id, int towards = 0, double way = 0)
    {
        using var scope = NewDisposeScope();
        var vocabulary = fixture.Model.Vocabularies[0];
        var rows = (vocabulary[id] + ((vocabulary[towards] - vocabulary[id]) * way)).expand(Options.Vectors, -1);
        using var learner = new Learner(fixture.Model, fixture.Schedule, [rows], Options);
        using var validation = fixture.Validation();
        return validation.Loss(learner.Evaluate);
    }
}
