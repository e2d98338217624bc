namespace TextualInversion.Tests.Native;

public sealed class TorchRuntimeTests
{
    [Fact]
    public void Initialize_CalledAgainFromManyThreads_ChangesNothing()
    {
        var before = TorchRuntime.CpuFunction("aoti_torch_cpu__linear_pointwise");
        Parallel.For(0, 8, _ => TorchRuntime.Initialize());
        TorchRuntime.EnsureLoaded();
        Assert.Equal(before, TorchRuntime.CpuFunction("aoti_torch_cpu__linear_pointwise"));
        Assert.Equal(0, TorchRuntime.CpuFunction("no such function"));
    }
}
