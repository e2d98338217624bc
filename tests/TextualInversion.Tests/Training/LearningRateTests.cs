using TextualInversion.Training;

namespace TextualInversion.Tests.Training;

public sealed class LearningRateTests
{
    /// <summary>In other trainers the schedule counts batches, and ends early or late where gradients add up.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void At_GradientAccumulation_CountsOptimizerSteps(int batches)
    {
        var options = new TrainOptions
        {
            Steps = 10,
            WarmupSteps = 2,
            LearningRate = 1,
            Schedule = LearningRateSchedule.Linear,
            GradientAccumulationSteps = batches,
        };
        Assert.Equal(
            [0.5, 1, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125],
            Enumerable.Range(0, 10).Select(step => LearningRate.At(options, step))
        );
    }
}
