using System.Globalization;
using TextualInversion.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>The memory that is free to compute with.</summary>
internal static class FreeMemory
{
    private const string Kernel = "/proc/meminfo"; // proc_meminfo(5)
    private const long Assumed = 12L << 30; // of a GPU whose driver does not say

    /// <returns>bytes, an estimate</returns>
    public static long Of(Device device) =>
        device.type == DeviceType.CPU ? OfSystem() : CudaMemory.Free(device.index) ?? Assumed;

    /// <summary>What the system can give without swapping, within the limit of the container.</summary>
    private static long OfSystem()
    {
        var limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (!File.Exists(Kernel))
            return limit;
        return Math.Min(limit, Available(File.ReadLines(Kernel)) ?? limit);
    }

    /// <summary>MemAvailable of the kernel's report, in bytes; null where it is not there.</summary>
    internal static long? Available(IEnumerable<string> lines)
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
