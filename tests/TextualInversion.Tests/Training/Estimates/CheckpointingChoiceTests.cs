using TextualInversion.Native;
using TextualInversion.Training.Estimates;

namespace TextualInversion.Tests.Training.Estimates;

public sealed class CheckpointingChoiceTests
{
    [Theory]
    [InlineData(GradientCheckpointing.Auto, 70, false)]
    [InlineData(GradientCheckpointing.Auto, 90, true)]
    [InlineData(GradientCheckpointing.On, 1, true)]
    [InlineData(GradientCheckpointing.Off, 1000, false)]
    public void IsOn_AHundredBytes_AsNeededOrAsAsked(GradientCheckpointing option, long needed, bool expected)
    {
        Assert.Equal(expected, CheckpointingChoice.IsOn(option, () => needed, new MemoryBudget(100, 50)));
        Assert.Equal(expected, CheckpointingChoice.IsOn(option, () => needed, OfGpu(free: 100)));
    }

    [Fact]
    public void IsOn_GpuThatOthersUse_CountsWhatIsFree() =>
        Assert.True(CheckpointingChoice.IsOn(GradientCheckpointing.Auto, () => 70, OfGpu(free: 80)));

    private static MemoryBudget OfGpu(long free) => new(1000, free) { IsOfGpu = true };
}
