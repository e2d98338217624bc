using TextualInversion.Schedulers;
using TextualInversion.Training.Losses;

namespace TextualInversion.Tests.Training.Losses;

public sealed class MinSnrTests
{
    /// <summary>
    /// With the betas 0.1, 1/9 and 0.75, alphasCumprod is 0.9, 0.8 and 0.2, and the SNR 9, 4 and 0.25.
    /// </summary>
    [Theory]
    [InlineData("epsilon", new[] { 5 / 9f, 1, 1 })]
    [InlineData("v_prediction", new[] { 0.5f, 0.8f, 0.2f })] // 5 / 10, 4 / 5, 0.25 / 1.25
    public void Weights_Gamma5_AreThoseOfThePaper(string prediction, float[] expected)
    {
        var config = SchedulerConfig.Parse(
            $$"""
            {
              "num_train_timesteps": 3, "trained_betas": [0.1, 0.1111111111, 0.75],
              "prediction_type": "{{prediction}}"
            }
            """,
            "test"
        );

        var weights = MinSnr.Weights(new NoiseSchedule(config), [0, 1, 2], 5);

        foreach (var (wanted, found) in expected.Zip(weights))
            Assert.Equal(wanted, found, 1e-4f);
    }
}
