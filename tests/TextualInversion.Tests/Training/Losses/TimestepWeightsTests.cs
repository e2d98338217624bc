using TextualInversion.Schedulers;
using TextualInversion.Training.Losses;

namespace TextualInversion.Tests.Training.Losses;

public sealed class TimestepWeightsTests
{
    /// <summary>Betas 0.1, 1/9 and 0.75 leave the signal 0.9, 0.8 and 0.2: ratios of 9, 4 and 0.25.</summary>
    [Theory]
    [InlineData("epsilon", new[] { 5 / 9f, 1, 1 })]
    [InlineData("v_prediction", new[] { 0.5f, 0.8f, 0.2f })] // 5 / 10, 4 / 5, 0.25 / 1.25
    public void MinSnr_Gamma5_AreThoseOfThePaper(string prediction, float[] expected)
    {
        var weights = TimestepWeights.MinSnr(Schedule(prediction), 5).At([0, 1, 2]);

        foreach (var (wanted, found) in expected.Zip(weights))
            Assert.Equal(wanted, found, 1e-4f);
    }

    /// <summary>
    /// Ratios of 9, 4 and 0.25 weigh 1/3, 1/2 and 2 for noise, and 0.1, 0.2 and 0.8 for the velocity; the mean is 1.
    /// </summary>
    [Theory]
    [InlineData("epsilon", new[] { 6 / 17f, 9 / 17f, 36 / 17f })]
    [InlineData("v_prediction", new[] { 3 / 11f, 6 / 11f, 24 / 11f })]
    public void Debiased_KnownRatios_AreTheInverseRootsWithAMeanOfOne(string prediction, float[] expected)
    {
        var weights = TimestepWeights.Debiased(Schedule(prediction)).At([0, 1, 2]);

        foreach (var (wanted, found) in expected.Zip(weights))
            Assert.Equal(wanted, found, 1e-4f);
    }

    private static NoiseSchedule Schedule(string prediction) =>
        new(
            SchedulerConfig.Parse(
                $$"""
                {
                  "num_train_timesteps": 3,
                  "trained_betas": [0.1, 0.1111111111, 0.75],
                  "prediction_type": "{{prediction}}"
                }
                """,
                "test"
            )
        );
}
