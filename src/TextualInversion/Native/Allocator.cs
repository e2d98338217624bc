using System.Runtime.InteropServices;

namespace TextualInversion.Native;

/// <summary>
/// Settings of glibc's heap for training steps, which allocate and free gigabytes of feature maps over and over: pages that go back to the
/// system in between have to be faulted in again, a tenth of a step. See mallopt(3) and malloc_trim(3).
/// </summary>
internal static partial class Allocator
{
    private const int TrimThreshold = -1,
        TopPad = -2,
        MmapThreshold = -3; // M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD of malloc.h
    private const int LargestMmapThreshold = 32 << 20; // glibc takes no larger one
    private const int HeapGrowth = 64 << 20;

    /// <summary>
    /// Keeps freed memory, and has libtorch, where it is not loaded yet, ask for large pages
    /// (https://github.com/pytorch/pytorch/blob/main/c10/core/impl/alloc_cpu.cpp). Does nothing off glibc.
    /// </summary>
    public static void Configure()
    {
        if (!OperatingSystem.IsLinux())
            return;
        _ = SetEnvironment("THP_MEM_ALLOC_ENABLE", "1", 0); // libtorch reads its own environment, not .NET's
        _ = MallOpt(MmapThreshold, LargestMmapThreshold);
        _ = MallOpt(TrimThreshold, int.MaxValue);
        _ = MallOpt(TopPad, HeapGrowth);
    }

    /// <summary>
    /// Hands freed memory back to the system: after a phase that needed more, and now and then, since freed blocks with small ones in
    /// use between them add up. Does nothing off glibc.
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

    [LibraryImport("libc.so.6", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
