using TextualInversion.Training.Losses;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training.Losses;

public sealed class DenoisingLossTests
{
    /// <summary>
    /// Two images of 4 channels and 1 x 2 latent cells. The error of a cell is the same in all channels.
    /// </summary>
    [Theory]
    [InlineData(null, null, ((1 + 9) / 2.0 + (4 + 16) / 2.0) / 2)]
    [InlineData(new float[] { 1, 1, 1, 1 }, null, ((1 + 9) / 2.0 + (4 + 16) / 2.0) / 2)]
    [InlineData(new float[] { 1, 0, 0, 1 }, null, (1 + 16) / 2.0)]
    [InlineData(new float[] { 0.25f, 0, 0.5f, 0.25f }, null, (1 + (4 * 0.5 + 16 * 0.25) / 0.75) / 2)]
    [InlineData(null, new float[] { 1, 0.5f }, (5 + 0.5 * 10) / 2)]
    [InlineData(new float[] { 0, 1, 1, 0 }, new float[] { 0.5f, 1 }, (0.5 * 9 + 4) / 2)]
    public void Of_MaskAndWeights_IsTheMeanOfWhatCounts(float[]? mask, float[]? weights, double expected)
    {
        using var scope = NewDisposeScope();
        var prediction = tensor(new float[] { 1, -3, 2, 4 }, [2, 1, 1, 2]).expand(2, 4, 1, 2);

        var loss = DenoisingLoss.Of(
            prediction,
            zeros_like(prediction),
            mask is null ? null : tensor(mask, [2, 1, 2]),
            weights
        );

        Assert.Equal(expected, loss.item<float>(), 1e-6);
    }

    [Fact]
    public void Of_BlackCells_HaveNoGradient()
    {
        using var scope = NewDisposeScope();
        var prediction = ones([1, 4, 1, 2], requires_grad: true);

        DenoisingLoss.Of(prediction, zeros([1, 4, 1, 2]), tensor(new float[] { 1, 0 }, [1, 1, 2]), null).backward();

        // 2 x error / 4 channels.
        Assert.Equal([0.5f, 0, 0.5f, 0, 0.5f, 0, 0.5f, 0], prediction.grad!.data<float>().ToArray());
    }
}
