using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Native;

/// <summary>libtorch's settings for NVIDIA's GPUs, which hold for the whole process.</summary>
internal static class CudaSettings
{
    /// <summary>
    /// Applies the settings for a model; does nothing on other devices. By default PyTorch uses TF32, float32 with 10
    /// bits behind the point, in convolutions but not in matrix products
    /// (https://docs.pytorch.org/docs/2.10/notes/cuda.html#tensorfloat-32-tf32-on-ampere-and-later-devices).
    /// </summary>
    /// <param name="device">Where the model computes.</param>
    /// <param name="type">The type in which its U-Net computes.</param>
    public static void Apply(Device device, ScalarType type)
    {
        if (device.type != DeviceType.CUDA)
            return;
        backends.cuda.matmul.allow_tf32 = AllowsTf32(type);
        backends.cudnn.allow_tf32 = AllowsTf32(type);
    }

    /// <summary>
    /// Whether what remains in float32 may round to TF32: next to a U-Net in 16 bits, which rounds at least as much. A
    /// U-Net in float32 is chosen for exact results.
    /// </summary>
    internal static bool AllowsTf32(ScalarType type) => type != ScalarType.Float32;
}
