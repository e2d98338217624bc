using System.Runtime.InteropServices;

namespace TextualInversion.Generation;

/// <summary>
/// Recognizes libtorch's errors for exhausted memory, which differ from its other errors only in their text
/// (https://github.com/pytorch/pytorch/blob/main/c10/core/impl/alloc_cpu.cpp and c10/cuda/CUDACachingAllocator.cpp).
/// </summary>
internal static class OutOfMemory
{
    private static readonly string[] Signs =
    [
        "out of memory",
        "not enough memory",
        "can't allocate memory",
        "Cannot allocate memory",
        "memory ran out",
        "bad_alloc",
    ];

    public static bool Is(Exception error) =>
        error is OutOfMemoryException
        || (
            error is ExternalException or InvalidOperationException
            && Array.Exists(Signs, sign => error.Message.Contains(sign, StringComparison.OrdinalIgnoreCase))
        );
}
