using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Native;

/// <summary>
/// The most memory that a part of this process takes: of a GPU what its driver says, which includes what libtorch
/// keeps for later use; of the CPU that of the whole process.
/// </summary>
internal sealed class PeakMemory : IDisposable
{
    private const int IntervalMilliseconds = 20;

    private readonly int? gpu;
    private readonly long freeBefore;
    private readonly Timer? timer;
    private long smallestFree = long.MaxValue;

    public PeakMemory(Device device)
    {
        gpu = device.type == DeviceType.CUDA ? Math.Max(device.index, 0) : null;
        freeBefore = Free();
        timer = gpu is null ? null : new Timer(_ => Look(), null, 0, IntervalMilliseconds);
    }

    /// <summary>The most memory so far, in bytes.</summary>
    public long Bytes
    {
        get
        {
            if (gpu is null)
            {
                using var process = Process.GetCurrentProcess();
                return process.PeakWorkingSet64;
            }

            Look();
            return freeBefore - Volatile.Read(ref smallestFree);
        }
    }

    public void Dispose() => timer?.Dispose();

    private void Look()
    {
        var free = Free();
        if (free < Volatile.Read(ref smallestFree))
            Volatile.Write(ref smallestFree, free);
    }

    private long Free() => gpu is { } index ? CudaDriver.Describe(index)?.FreeBytes ?? 0 : 0;
}
