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

        var loss = DenoisingLoss.Squared.Of(
            prediction,
            zeros_like(prediction),
            mask is null ? null : tensor(mask, [2, 1, 2]),
            weights
        );

        Assert.Equal(expected, loss.item<float>(), 1e-6);
    }

    /// <summary>
    /// The same with c = 3: an error of 4 gives 6 (sqrt(16 + 9) - 3) = 12, and one of sqrt(7) gives 6 (4 - 3) = 6.
    /// </summary>
    [Theory]
    [InlineData(null, null, (12 + 0 + 12 + 6) / 4.0)]
    [InlineData(new float[] { 1, 1, 1, 1 }, null, (12 + 0 + 12 + 6) / 4.0)]
    [InlineData(new float[] { 1, 0, 0, 1 }, null, (12 + 6) / 2.0)]
    [InlineData(new float[] { 0.25f, 0, 0.5f, 0.25f }, null, (12 + (12 * 0.5 + 6 * 0.25) / 0.75) / 2)]
    [InlineData(null, new float[] { 1, 0.5f }, (6 + 0.5 * 9) / 2)]
    public void Of_Huber_IsTheMeanOfWhatCounts(float[]? mask, float[]? weights, double expected)
    {
        using var scope = NewDisposeScope();
        var prediction = tensor(new float[] { 4, 0, -4, MathF.Sqrt(7) }, [2, 1, 1, 2]).expand(2, 4, 1, 2);

        var loss = new DenoisingLoss(LossType.Huber, HuberC: 3).Of(
            prediction,
            zeros_like(prediction),
            mask is null ? null : tensor(mask, [2, 1, 2]),
            weights
        );

        Assert.Equal(expected, loss.item<float>(), 1e-5);
    }

    /// <summary>Values and gradients, 2 c error / sqrt(error² + c²), that float64 gives.</summary>
    [Theory]
    [InlineData(0.1, 0, 0, 0)]
    [InlineData(0.1, 0.3, 0.0432455532, 0.189736660)]
    [InlineData(0.1, -0.3, 0.0432455532, -0.189736660)]
    [InlineData(5, 12, 80, 9.23076923)]
    [InlineData(1000, 0.001, 1e-6, 2e-3)]
    [InlineData(1e-6, 2, 3.999998e-6, 2e-6)]
    public void Of_HuberOfOneError_IsTheFormula(double c, float error, double expected, double gradient)
    {
        using var scope = NewDisposeScope();
        var prediction = tensor([error]).view(1, 1, 1, 1).requires_grad_(true);

        var loss = new DenoisingLoss(LossType.Huber, c).Of(prediction, zeros(1, 1, 1, 1), mask: null, weights: null);
        loss.backward();

        Assert.Equal(expected, loss.item<float>(), 1e-5 * expected);
        Assert.Equal(gradient, prediction.grad!.item<float>(), 1e-5 * Math.Abs(gradient));
    }

    [Fact]
    public void Of_BlackCells_HaveNoGradient()
    {
        using var scope = NewDisposeScope();
        var prediction = ones([1, 4, 1, 2], requires_grad: true);

        DenoisingLoss
            .Squared.Of(prediction, zeros([1, 4, 1, 2]), tensor(new float[] { 1, 0 }, [1, 1, 2]), null)
            .backward();

        // 2 x error / 4 channels.
        Assert.Equal([0.5f, 0, 0.5f, 0, 0.5f, 0, 0.5f, 0], prediction.grad!.data<float>().ToArray());
    }
}
