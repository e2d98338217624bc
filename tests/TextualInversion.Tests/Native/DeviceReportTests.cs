using TextualInversion.Native;
using TextualInversion.Training.Estimates;

namespace TextualInversion.Tests.Native;

public sealed class DeviceReportTests
{
    private const long Gib = 1L << 30;

    [Fact]
    public void All_ThisMachine_EndsWithTheCpuUnlessItIsAMac()
    {
        var devices = DeviceReport.All();

        Assert.Contains(devices, device => device.Name == "cpu" && device.Precision == Precision.Fp32);
    }

    [Fact]
    public void All_TwoCudaDevices_AreDescribedByTheDriver()
    {
        var devices = DeviceReport.All(cudaDevices: 2, Describe, hasMps: true);

        Assert.Equal(["cuda:0", "cuda:1", "cpu", "mps"], devices.Select(device => device.Name));
        Assert.Equal([Precision.Bf16, Precision.Fp16], devices.Take(2).Select(device => device.Precision));
        Assert.Equal((12 * Gib, 11 * Gib), (devices[0].Budget.TotalBytes, devices[0].Budget.FreeBytes));
        Assert.Equal(["SD 2.1", "SDXL"], Checkpointed(devices[0]));

        static CudaDevice Describe(int index) =>
            index == 0
                ? new CudaDevice("large", new Version(8, 6), 11 * Gib, 12 * Gib)
                : new CudaDevice("old", new Version(7, 5), 3 * Gib, 4 * Gib);
    }

    [Fact]
    public void All_DriverThatSaysNothing_LeavesMemoryOpen()
    {
        var device = DeviceReport.All(cudaDevices: 1, _ => null, hasMps: false)[0];

        Assert.Equal((long.MaxValue, null), (device.Budget.FreeBytes, device.ComputeCapability));
        Assert.Empty(Checkpointed(device));
    }

    [Fact]
    public void CpuNameOf_KernelsReport_IsTheModel()
    {
        Assert.Equal("A CPU: fast", DeviceReport.CpuNameOf(["processor\t: 0", "model name\t: A CPU: fast"]));
        Assert.Null(DeviceReport.CpuNameOf(["processor\t: 0"]));
    }

    private static IEnumerable<string> Checkpointed(DeviceReport device) =>
        PublishedModel.All.Where(model => model.NeedsCheckpointing(device)).Select(model => model.Name);
}
