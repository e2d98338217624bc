using System.Runtime.InteropServices;

namespace TextualInversion.Native;

/// <summary>
/// Settings of glibc's heap for training, whose steps allocate and free gigabytes of feature maps again and again:
/// getting pages back from the system takes a tenth of a step. See mallopt(3) and malloc_trim(3).
/// </summary>
internal static partial class Allocator
{
    // M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_THRESHOLD of malloc.h.
    private const int TrimThreshold = -1,
        TopPad = -2,
        MmapThreshold = -3;
    private const int LargestMmapThreshold = 32 << 20; // bytes; glibc refuses larger ones
    private const int LargeBlock = 1 << 20; // bytes
    private const int HeapGrowth = 64 << 20; // bytes

    /// <summary>Makes the heap keep freed memory. Does nothing without glibc.</summary>
    public static void Configure()
    {
        if (!OperatingSystem.IsLinux())
            return;
        _ = MallOpt(MmapThreshold, LargestMmapThreshold);
        _ = MallOpt(TrimThreshold, int.MaxValue);
        _ = MallOpt(TopPad, HeapGrowth);
    }

    /// <summary>
    /// Makes the heap return each large block as soon as it is freed, which costs time: every use of memory then gets
    /// new pages from the system. Does nothing without glibc.
    /// </summary>
    public static void ReturnLargeBlocks()
    {
        if (!OperatingSystem.IsLinux())
            return;
        _ = MallOpt(MmapThreshold, LargeBlock);
        _ = MallOpt(TrimThreshold, HeapGrowth);
    }

    /// <summary>
    /// Returns freed memory to the system: after a phase that needed more, and from time to time, because freed blocks
    /// between small ones in use accumulate. Does nothing without glibc.
    /// </summary>
    public static void Trim()
    {
        if (OperatingSystem.IsLinux())
            _ = MallocTrim(0);
    }

    [LibraryImport("libc.so.6", EntryPoint = "mallopt")]
    private static partial int MallOpt(int parameter, int value);

    [LibraryImport("libc.so.6", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nint pad);
}
