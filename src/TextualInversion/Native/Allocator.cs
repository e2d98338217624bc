using System.Runtime.InteropServices;

namespace TextualInversion.Native;

/// <summary>
/// Keeps glibc's heap from growing: a training step frees everything it allocated, but the freed blocks stay with the process
/// where small ones lie between them. See mallopt(3) and malloc_trim(3).
/// </summary>
internal static partial class Allocator
{
    /// <summary>Hands freed memory back to the system. Takes about a millisecond; does nothing off glibc.</summary>
    public static void Trim()
    {
        if (OperatingSystem.IsLinux()) _ = MallocTrim(0);
    }

    [LibraryImport("libc.so.6", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nint pad);
}
