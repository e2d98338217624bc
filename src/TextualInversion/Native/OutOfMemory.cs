using System.Runtime.InteropServices;

namespace TextualInversion.Native;

/// <summary>
/// Recognizes libtorch's errors for exhausted memory, which differ from its other errors only in their text
/// (https://github.com/pytorch/pytorch/blob/main/c10/core/impl/alloc_cpu.cpp and c10/cuda/CUDACachingAllocator.cpp).
/// cuBLAS and cuDNN report it by a status, oneDNN by the object that it could not create.
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
        "STATUS_ALLOC_FAILED",
        "could not create a memory",
    ];

    /// <summary>Whether an error says that memory ran out, on the CPU or on a GPU.</summary>
    public static bool Is(Exception error) =>
        error is OutOfMemoryException
        || (
            error is ExternalException or InvalidOperationException
            && Array.Exists(Signs, sign => error.Message.Contains(sign, StringComparison.OrdinalIgnoreCase))
        );
}
