using TextualInversion.Evaluation;

namespace TextualInversion.Tests.Evaluation;

public sealed class EstimateTests
{
    [Fact]
    public void Of_FourValues_IsMeanAndStandardError()
    {
        var estimate = Estimate.Of([1, 2, 3, 6]);

        Assert.Equal(3, estimate.Mean, 12);
        Assert.Equal(Math.Sqrt(14.0 / 3 / 4), estimate.StandardError, 12);
    }

    [Fact]
    public void OfDifferences_SameShiftForEachSeed_HasNoError()
    {
        var gain = Estimate.OfDifferences([1.5, 7.5, -2.5], [1, 7, -3]);

        Assert.Equal(new Estimate(0.5, 0), gain);
        Assert.True(gain.IsAboveZero);
    }

    [Theory]
    [InlineData(0.21, 0.1, true)]
    [InlineData(0.2, 0.1, false)]
    [InlineData(-1, 0.1, false)]
    public void IsAboveZero_TwoStandardErrors_Decide(double mean, double error, bool expected) =>
        Assert.Equal(expected, new Estimate(mean, error).IsAboveZero);
}
