using TextualInversion.Checkpoints;
using TextualInversion.Data;
using TextualInversion.Evaluation;
using TextualInversion.Models;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Evaluation;

[Trait("Category", Goldens.Category)]
public sealed class ClipWordRankingTests
{
    [Theory]
    [InlineData("my-cat", "cat")]
    [InlineData("my-boat", "boat")]
    [InlineData("my-mushroom", "mushroom")]
    public void Rank_ImagesOfAThing_PutsItsNameFirst(string images, string name)
    {
        using var network = Open();
        var counts = new List<int>();

        var ranking = Rank(network, images, counts, CancellationToken.None);

        var words = network.Tokenizers[0].Words();
        Assert.Equal(words.Order(), ranking.Select(word => (word.Id, word.Word)).Order());
        Assert.All(ranking, word => Assert.Equal(5, word.Cosines.Count));
        Assert.Equal(words.Count, counts[^1]);
        Assert.InRange(ranking.Select(word => word.Word).ToList().IndexOf(name), 0, 3);
    }

    [Fact]
    public void Rank_Cancelled_Stops()
    {
        using var network = Open();
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();

        Assert.Throws<OperationCanceledException>(() => Rank(network, "my-cat", [], cancellation.Token));
    }

    private static IDiffusionModel Open() =>
        DiffusionModel.Open(new ModelFolder(Goldens.Sample("demo-model")), CPU, ScalarType.Float32, false);

    private static IReadOnlyList<RankedWord> Rank(
        IDiffusionModel network,
        string images,
        List<int> counts,
        CancellationToken cancellationToken
    )
    {
        var set = TrainingImageSet.Load(
            [Goldens.Sample(images)],
            resolution: 128,
            CropMode.Center,
            cancellationToken: cancellationToken
        );
        return ClipWordRanking.Rank(
            Path.Combine(Goldens.Sample("demo-model"), "clip"),
            network,
            set.Images,
            new ImmediateProgress<int>(counts.Add),
            cancellationToken
        );
    }
}
