using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Native;

/// <summary>
/// The memory that a device has: NVIDIA's driver says it for a GPU, the kernel for the CPU, which shares it with
/// Apple's GPU.
/// </summary>
/// <param name="TotalBytes">
/// All of it; for the CPU the limit of the container or what is left of <c>ulimit -v</c>, if there is one.
/// </param>
/// <param name="FreeBytes">What no program holds, an estimate.</param>
internal sealed record MemoryBudget(long TotalBytes, long FreeBytes)
{
    private const string KernelReport = "/proc/meminfo"; // proc_meminfo(5)

    // The rest is for the error of the estimate; in training also for the images and what the system does meanwhile.
    private const double ShareForTraining = 0.8,
        ShareForGeneration = 0.9;

    /// <summary>Whether it is a GPU's own memory, which other programs do not give back when it is needed.</summary>
    public bool IsOfGpu { get; init; }

    /// <summary>The memory that a training can count on, in bytes.</summary>
    public long AvailableBytes => IsOfGpu ? FreeBytes : TotalBytes;

    /// <summary>What a training may take of it by an estimate, in bytes.</summary>
    public long ForTraining => (long)(AvailableBytes * ShareForTraining);

    /// <summary>What images may take that are generated at once, by an estimate, in bytes.</summary>
    public long ForGeneration => (long)(FreeBytes * ShareForGeneration);

    /// <summary>The memory of a device.</summary>
    public static MemoryBudget Of(Device device)
    {
        if (device.type == DeviceType.CUDA)
            return OfGpu(CudaDriver.Describe(Math.Max(device.index, 0)));
        var total = Math.Min(
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            AddressLimit.OfThisProcess()?.LeftBytes ?? long.MaxValue
        );
        var free = File.Exists(KernelReport) ? AvailableOf(File.ReadLines(KernelReport)) : null;
        return new MemoryBudget(total, Math.Min(total, free ?? total));
    }

    /// <summary>The memory of a CUDA device.</summary>
    /// <param name="cuda">
    /// What the driver says of it. Without an answer it counts as large enough: training and generation answer to
    /// memory that runs out.
    /// </param>
    public static MemoryBudget OfGpu(CudaDevice? cuda) =>
        new(cuda?.TotalBytes ?? long.MaxValue, cuda?.FreeBytes ?? long.MaxValue) { IsOfGpu = true };

    /// <summary>MemAvailable of the kernel's report, in bytes, or null if the report does not hold it.</summary>
    internal static long? AvailableOf(IEnumerable<string> lines)
    {
        var words = lines
            .FirstOrDefault(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal))
            ?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return
            words is [_, var number, "kB"]
            && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var kibibytes)
            ? kibibytes << 10
            : null;
    }
}
