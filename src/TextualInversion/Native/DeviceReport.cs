using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Native;

/// <summary>A device that this machine has and this build of libtorch can compute on.</summary>
/// <param name="Name">Its name, as <see cref="LoadOptions.Device"/> takes it.</param>
/// <param name="Product">The name of the product.</param>
/// <param name="Budget">Its memory.</param>
/// <param name="ComputeCapability">The generation of a CUDA device; null for others and where the driver does not say
/// it.</param>
/// <param name="Precision">What <see cref="Precision.Auto"/> stands for there.</param>
internal sealed record DeviceReport(
    string Name,
    string Product,
    MemoryBudget Budget,
    Version? ComputeCapability,
    Precision Precision
)
{
    private const string CpuReport = "/proc/cpuinfo"; // proc_cpuinfo(5)

    /// <summary>All devices, in the order in which <c>auto</c> prefers them.</summary>
    public static IReadOnlyList<DeviceReport> All() =>
        All(cuda.is_available() ? cuda.device_count() : 0, CudaDriver.Describe, mps_is_available());

    /// <param name="cudaDevices">The number of CUDA devices that libtorch finds.</param>
    /// <param name="describe">The driver's description of one.</param>
    /// <param name="hasMps">Whether libtorch finds Apple's GPU.</param>
    internal static IReadOnlyList<DeviceReport> All(int cudaDevices, Func<int, CudaDevice?> describe, bool hasMps)
    {
        var devices = new List<DeviceReport>();
        for (var index = 0; index < cudaDevices; index++)
            devices.Add(OfCuda(new Device(DeviceType.CUDA, index), describe));
        devices.Add(new DeviceReport("cpu", CpuProduct(), MemoryBudget.Of(CPU), null, Precision.Fp32));
        if (hasMps)
            devices.Add(new DeviceReport("mps", "Apple GPU", MemoryBudget.Of(CPU), null, Precision.Fp32));
        return devices;
    }

    /// <summary>The name of the processor, from the kernel's report.</summary>
    /// <param name="lines">The lines of the report.</param>
    internal static string? CpuNameOf(IEnumerable<string> lines) =>
        lines
            .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            ?.Split(':', 2, StringSplitOptions.TrimEntries)
            .ElementAtOrDefault(1);

    private static DeviceReport OfCuda(Device device, Func<int, CudaDevice?> describe)
    {
        var cuda = describe(device.index);
        return new DeviceReport(
            $"cuda:{device.index}",
            cuda?.Name ?? "CUDA device",
            MemoryBudget.OfGpu(cuda),
            cuda?.ComputeCapability,
            PrecisionChoice.Automatic(device, describe)
        );
    }

    private static string CpuProduct()
    {
        var name = File.Exists(CpuReport) ? CpuNameOf(File.ReadLines(CpuReport)) : null;
        var threads = get_num_threads();
        return $"{name ?? "CPU"}, {threads} {(threads == 1 ? "thread" : "threads")}";
    }
}
