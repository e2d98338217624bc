using TextualInversion.Training.Estimates;

namespace TextualInversion.Tests.Training.Estimates;

public sealed class TrainingTrialTests
{
    /// <summary>
    /// Steps of one second and validations of two seconds: with and without prompts before the first step, then after
    /// every 50 steps and after the last.
    /// </summary>
    [Theory]
    [InlineData(100, 50, 100 + (2 * 4))]
    [InlineData(101, 50, 101 + (2 * 5))]
    [InlineData(10, 50, 10 + (2 * 3))]
    [InlineData(100, 0, 100)]
    public void Seconds_Options_AreStepsAndValidations(int steps, int every, double expected) =>
        Assert.Equal(
            expected,
            new TrainingTrial(1, 2, IsFinite: true, HasGradient: true).Seconds(
                new TrainOptions { Steps = steps, ValidateEvery = every }
            )
        );
}
