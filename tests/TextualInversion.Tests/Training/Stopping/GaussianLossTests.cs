using TextualInversion.Training.Stopping;

namespace TextualInversion.Tests.Training.Stopping;

public sealed class GaussianLossTests
{
    [Fact]
    public void Of_Variance_IsTheMeanErrorOfTheBestPrediction()
    {
        using var fixture = new ImageFixture(new TrainOptions { Vectors = 1 });
        var alphas = fixture.Schedule.AlphasCumprod;

        // With variance 1 the noisy latents have variance 1 too, and a share alpha of them is not the noise.
        Assert.Equal(alphas.Average(alpha => (double)alpha), GaussianLoss.Of(1.0, fixture.Schedule), 1e-6);
        Assert.Equal(0, GaussianLoss.Of(0.0, fixture.Schedule));
        Assert.True(GaussianLoss.Of(0.01, fixture.Schedule) < 0.2 * GaussianLoss.Of(1.0, fixture.Schedule));
        Assert.InRange(GaussianLoss.Of(fixture.Images, fixture.Schedule), 1e-3, 1);
    }
}
