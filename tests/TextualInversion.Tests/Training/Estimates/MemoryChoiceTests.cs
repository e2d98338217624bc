using TextualInversion.Native;
using TextualInversion.Training.Estimates;

namespace TextualInversion.Tests.Training.Estimates;

public sealed class MemoryChoiceTests
{
    /// <summary>A step needs 90 bytes, 40 with checkpointing, and 25 if the weights stay as they are too.</summary>
    [Theory]
    [InlineData(MemoryUse.Auto, GradientCheckpointing.Auto, 100, false, false)]
    [InlineData(MemoryUse.Auto, GradientCheckpointing.Auto, 80, true, false)]
    [InlineData(MemoryUse.Auto, GradientCheckpointing.Auto, 30, true, true)]
    [InlineData(MemoryUse.Auto, GradientCheckpointing.On, 100, true, false)]
    [InlineData(MemoryUse.Auto, GradientCheckpointing.Off, 30, false, false)]
    [InlineData(MemoryUse.Low, GradientCheckpointing.Auto, 100, true, true)]
    [InlineData(MemoryUse.Low, GradientCheckpointing.Off, 100, false, false)]
    [InlineData(MemoryUse.Fast, GradientCheckpointing.Auto, 30, false, false)]
    [InlineData(MemoryUse.Fast, GradientCheckpointing.On, 30, true, false)]
    public void Of_Bytes_AsNeededOrAsAsked(
        MemoryUse memory,
        GradientCheckpointing option,
        long available,
        bool checkpointing,
        bool keepsHalf
    )
    {
        var options = new TrainOptions { Memory = memory, GradientCheckpointing = option };

        var choice = MemoryChoice.Of(options, some => Need(some) <= available);

        Assert.Equal(new MemoryChoice(checkpointing, keepsHalf), choice);
    }

    [Fact]
    public void ForTraining_GpuThatOthersUse_CountsWhatIsFree()
    {
        Assert.InRange(new MemoryBudget(100, 50).ForTraining, 70, 90);
        Assert.InRange(new MemoryBudget(1000, 100) { IsOfGpu = true }.ForTraining, 70, 90);
    }

    private static long Need(MemoryChoice choice) =>
        choice switch
        {
            { GradientCheckpointing: false } => 90,
            { KeepsHalf: false } => 40,
            _ => 25,
        };
}
