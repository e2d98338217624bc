using TextualInversion.Training;
using TextualInversion.Training.Stopping;

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
            Enumerable.Range(0, 10).Select(step => LearningRate.At(options, step, coolDown: null))
        );
    }

    [Theory]
    [InlineData(LearningRateSchedule.Constant, new[] { 1.0, 2, 2, 2, 2, 2 })]
    [InlineData(LearningRateSchedule.Linear, new[] { 1.0, 2, 2, 1.5, 1, 0.5 })]
    [InlineData(LearningRateSchedule.Cosine, new[] { 1.0, 2, 2, 1.7071, 1, 0.2929 })]
    public void At_EachSchedule_RisesOverTheWarmupAndFollowsIt(LearningRateSchedule schedule, double[] expected)
    {
        var options = Options(schedule);

        foreach (var (step, rate) in expected.Index())
            Assert.Equal(rate, LearningRate.At(options, step, coolDown: null), 1e-4);
    }

    [Theory]
    [InlineData(LearningRateSchedule.Constant, 2.0)]
    [InlineData(LearningRateSchedule.Cosine, 1.7071)]
    public void At_CoolDown_FallsFromTheRateAtItsStartToZero(LearningRateSchedule schedule, double atStart)
    {
        var options = Options(schedule);
        var coolDown = new CoolDown(3, 4);

        foreach (var (index, share) in new[] { 1, 0.75, 0.5, 0.25, 0 }.Index())
            Assert.Equal(atStart * share, LearningRate.At(options, 3 + index, coolDown), 1e-4);
    }

    private static TrainOptions Options(LearningRateSchedule schedule) =>
        new()
        {
            LearningRate = 2,
            WarmupSteps = 2,
            Steps = 6,
            Schedule = schedule,
        };
}
