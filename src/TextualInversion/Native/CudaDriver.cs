using System.Runtime.InteropServices;
using System.Text;

namespace TextualInversion.Native;

/// <summary>A CUDA device, as NVIDIA's driver describes it.</summary>
/// <param name="Name">The name of the product.</param>
/// <param name="ComputeCapability">The generation, such as 8.6.</param>
/// <param name="FreeBytes">The memory that no program holds, in bytes.</param>
/// <param name="TotalBytes">The memory of the device, in bytes.</param>
internal sealed record CudaDevice(string Name, Version ComputeCapability, long FreeBytes, long TotalBytes)
{
    /// <summary>Whether it computes in bfloat16 as fast as in float16: from the Ampere generation on.</summary>
    public bool HasFastBfloat16 => ComputeCapability.Major >= 8;
}

/// <summary>
/// What NVIDIA's driver tells about its devices and TorchSharp does not. The driver counts devices as libtorch does,
/// CUDA_VISIBLE_DEVICES included (https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__DEVICE.html and
/// group__CUDA__MEM.html).
/// </summary>
internal static unsafe partial class CudaDriver
{
    private const string Driver = "cuda"; // libcuda.so.1, nvcuda.dll
    private const int LongestName = 256; // bytes

    // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR
    private const int CapabilityMajor = 75,
        CapabilityMinor = 76;

    static CudaDriver() =>
        NativeLibrary.SetDllImportResolver(
            typeof(CudaDriver).Assembly,
            (name, _, _) =>
                name == Driver
                && NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out var library)
                    ? library
                    : 0
        );

    /// <param name="index">The number of the device, counted from 0.</param>
    /// <returns>The device, or null if there is no driver or no such device.</returns>
    public static CudaDevice? Describe(int index)
    {
        try
        {
            if (Init(0) != 0 || GetDevice(out var device, index) != 0)
                return null;
            return
                Memory(device) is var (free, total)
                && GetAttribute(out var major, CapabilityMajor, device) == 0
                && GetAttribute(out var minor, CapabilityMinor, device) == 0
                ? new CudaDevice(NameOf(device), new Version(major, minor), free, total)
                : null;
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The free and the whole memory in bytes, or null if the driver does not say.</summary>
    private static (long Free, long Total)? Memory(int device)
    {
        if (Retain(out var context, device) != 0)
            return null;
        try
        {
            if (Push(context) != 0)
                return null;
            var result = GetInfo(out var free, out var total);
            _ = Pop(out _);
            return result == 0 ? ((long)free, (long)total) : null;
        }
        finally
        {
            _ = Release(device);
        }
    }

    private static string NameOf(int device)
    {
        var name = stackalloc byte[LongestName];
        return GetName(name, LongestName, device) == 0
            ? Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name))
            : "CUDA device";
    }

    [LibraryImport(Driver, EntryPoint = "cuInit")]
    private static partial int Init(uint flags);

    [LibraryImport(Driver, EntryPoint = "cuDeviceGet")]
    private static partial int GetDevice(out int device, int ordinal);

    [LibraryImport(Driver, EntryPoint = "cuDeviceGetName")]
    private static partial int GetName(byte* name, int length, int device);

    [LibraryImport(Driver, EntryPoint = "cuDeviceGetAttribute")]
    private static partial int GetAttribute(out int value, int attribute, int device);

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
