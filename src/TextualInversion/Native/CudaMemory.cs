using System.Runtime.InteropServices;

namespace TextualInversion.Native;

/// <summary>
/// The free memory of a CUDA device, which TorchSharp does not report. It comes from NVIDIA's driver, which numbers
/// devices as libtorch does (https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__MEM.html).
/// </summary>
internal static partial class CudaMemory
{
    private const string Driver = "cuda"; // libcuda.so.1, nvcuda.dll

    static CudaMemory() =>
        NativeLibrary.SetDllImportResolver(
            typeof(CudaMemory).Assembly,
            (name, _, _) =>
                name == Driver
                && NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out var library)
                    ? library
                    : 0
        );

    /// <param name="index">The number of the device, counted from 0.</param>
    /// <returns>The free memory in bytes, or null if there is no driver or it does not report it.</returns>
    public static long? Free(int index)
    {
        try
        {
            if (Init(0) != 0 || GetDevice(out var device, index) != 0 || Retain(out var context, device) != 0)
                return null;
            try
            {
                if (Push(context) != 0)
                    return null;
                var result = GetInfo(out var free, out _);
                _ = Pop(out _);
                return result == 0 ? (long)free : null;
            }
            finally
            {
                _ = Release(device);
            }
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport(Driver, EntryPoint = "cuInit")]
    private static partial int Init(uint flags);

    [LibraryImport(Driver, EntryPoint = "cuDeviceGet")]
    private static partial int GetDevice(out int device, int ordinal);

    [LibraryImport(Driver, EntryPoint = "cuDevicePrimaryCtxRetain")]
    private static partial int Retain(out nint context, int device);

    [LibraryImport(Driver, EntryPoint = "cuDevicePrimaryCtxRelease_v2")]
    private static partial int Release(int device);

    [LibraryImport(Driver, EntryPoint = "cuCtxPushCurrent_v2")]
    private static partial int Push(nint context);

    [LibraryImport(Driver, EntryPoint = "cuCtxPopCurrent_v2")]
    private static partial int Pop(out nint context);

    [LibraryImport(Driver, EntryPoint = "cuMemGetInfo_v2")]
    private static partial int GetInfo(out nuint free, out nuint total);
}
