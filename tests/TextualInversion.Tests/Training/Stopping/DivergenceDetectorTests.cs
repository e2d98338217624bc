using TextualInversion.Training.Stopping;

namespace TextualInversion.Tests.Training.Stopping;

public sealed class DivergenceDetectorTests
{
    [Theory]
    [InlineData(double.NaN, 1)]
    [InlineData(double.PositiveInfinity, 1)]
    [InlineData(1, double.NaN)]
    [InlineData(1, double.PositiveInfinity)]
    public void Check_NumberThatIsNotFinite_EndsTheRun(double loss, double gradientNorm) =>
        Assert.Equal(TrainingEnd.Diverged, new DivergenceDetector().Check(loss, gradientNorm));

    [Fact]
    public void Check_NoGradientInTheFirstSteps_EndsTheRun()
    {
        var health = new DivergenceDetector();
        for (var step = 1; step < DivergenceDetector.StepsWithoutGradient; step++)
            Assert.Null(health.Check(1, 0));
        Assert.Equal(TrainingEnd.WithoutGradient, health.Check(1, 0));
    }

    [Fact]
    public void Check_NoGradientLater_IsNoReasonToEnd()
    {
        var health = new DivergenceDetector();
        Assert.Null(health.Check(1, 1e-30));
        for (var step = 0; step < 2 * DivergenceDetector.StepsWithoutGradient; step++)
            Assert.Null(health.Check(1, 0));
    }
}
