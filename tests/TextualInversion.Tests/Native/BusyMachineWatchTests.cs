using TextualInversion.Native;

namespace TextualInversion.Tests.Native;

public sealed class BusyMachineWatchTests
{
    [Theory]
    [InlineData(0.0, 2, 2, false)]
    [InlineData(0.2, 2, 2, false)]
    [InlineData(0.9, 2, 2, true)]
    [InlineData(0.9, 2, 1, false)] // one processor is left for the other program
    [InlineData(1.5, 2, 1, true)]
    [InlineData(3.0, 16, 8, false)]
    [InlineData(9.0, 16, 8, true)]
    public void IsBusy_Load_IsWhetherOthersNeedTheThreadsProcessors(
        double loadOfOthers,
        int processors,
        int threads,
        bool expected
    ) => Assert.Equal(expected, BusyMachineWatch.IsBusy(loadOfOthers, processors, threads));
}
