using TextualInversion.Training.Estimates;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training.Estimates;

public sealed class MemoryBudgetTests
{
    [Fact]
    public void AvailableOf_KernelsReport_IsInBytes()
    {
        Assert.Equal(2048, MemoryBudget.AvailableOf(["MemTotal:       25 kB", "MemAvailable:       2 kB"]));
        Assert.Null(MemoryBudget.AvailableOf(["MemTotal:       25 kB"]));
    }

    [Fact]
    public void FreeBytes_OfTheCpu_IsPlausible() => Assert.InRange(MemoryBudget.FreeBytes(CPU), 1, 1L << 50);

    [Theory]
    [InlineData(GradientCheckpointing.Auto, 70, false)]
    [InlineData(GradientCheckpointing.Auto, 90, true)]
    [InlineData(GradientCheckpointing.On, 1, true)]
    [InlineData(GradientCheckpointing.Off, 1000, false)]
    public void UsesCheckpointing_OfAHundredBytes_AsNeededOrAsAsked(
        GradientCheckpointing option,
        long needed,
        bool expected
    ) => Assert.Equal(expected, MemoryBudget.UsesCheckpointing(option, () => new MemoryBudget(needed, 100)));
}
