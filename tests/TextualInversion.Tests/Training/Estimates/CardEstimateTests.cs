using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training.Estimates;

namespace TextualInversion.Tests.Training.Estimates;

/// <summary>The estimates for the published models, from their shapes.</summary>
public sealed class CardEstimateTests
{
    [Theory]
    [InlineData("StableDiffusion1", 512)]
    [InlineData("StableDiffusion2", 768)]
    [InlineData("StableDiffusionXl", 1024)]
    public void Of_PublishedModel_MoreMemoryAndSmallerTypesHoldMore(string version, int side)
    {
        var cards = Of(version, side);

        Assert.Equal([4, 6, 8, 12, 16, 24], cards.Select(card => card.Gibibytes));
        foreach (var (smaller, larger) in cards.Zip(cards.Skip(1)))
        {
            Assert.True(smaller.Fp32 <= larger.Fp32 && smaller.Fp32Checkpointed <= larger.Fp32Checkpointed);
            Assert.True(smaller.Half <= larger.Half && smaller.HalfCheckpointed <= larger.HalfCheckpointed);
        }

        Assert.All(cards, card => Assert.True(card.Fp32 <= card.Half && card.Fp32 <= card.Fp32Checkpointed));
        Assert.All(cards, card => Assert.True(card.Half <= card.HalfCheckpointed));
    }

    internal static IReadOnlyList<CardEstimate> Of(string version, int side)
    {
        var line = Enum.Parse<ModelVersion>(version);
        var tensors = PublishedCheckpoint.Tensors(line, PublishedCheckpoint.Configs(line));
        var checkpoint = new LdmCheckpoint(new ShapesOnly(tensors));
        return CardEstimate.Of(
            new SingleFileModel(checkpoint, new Dictionary<string, string>(), prediction: "epsilon"),
            side
        );
    }
}
