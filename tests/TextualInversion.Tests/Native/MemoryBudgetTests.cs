using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Native;

public sealed class MemoryBudgetTests
{
    [Fact]
    public void AvailableOf_KernelsReport_IsInBytes()
    {
        Assert.Equal(2048, MemoryBudget.AvailableOf(["MemTotal:       25 kB", "MemAvailable:       2 kB"]));
        Assert.Null(MemoryBudget.AvailableOf(["MemTotal:       25 kB"]));
    }

    [Fact]
    public void Of_TheCpu_IsWhatTheSystemSays()
    {
        var budget = MemoryBudget.Of(CPU);

        Assert.InRange(budget.FreeBytes, 1, budget.TotalBytes);
        Assert.Equal(budget.TotalBytes, budget.AvailableBytes);
    }

    [Fact]
    public void AvailableBytes_OfAGpu_IsWhatIsFree() =>
        Assert.Equal(10, new MemoryBudget(100, 10) { IsOfGpu = true }.AvailableBytes);
}
