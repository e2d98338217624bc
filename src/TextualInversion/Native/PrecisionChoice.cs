using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Native;

/// <summary>What <see cref="Precision"/> means on a device.</summary>
internal static class PrecisionChoice
{
    /// <summary>The precision itself, or what <see cref="Precision.Auto"/> stands for.</summary>
    /// <exception cref="TextualInversionException">float16 on the CPU, which has no fast kernels for it.</exception>
    public static Precision Resolve(Precision wanted, Device device)
    {
        if (wanted == Precision.Fp16 && device.type == DeviceType.CPU)
            throw TextualInversionException.ForParameter(
                nameof(LoadOptions.Precision),
                "fp16: is for GPUs, and very slow on the CPU; choose bf16 or fp32."
            );
        return wanted == Precision.Auto ? Automatic(device) : wanted;
    }

    /// <summary>The type in which the U-Net computes.</summary>
    public static ScalarType TypeOf(Precision precision) =>
        precision switch
        {
            Precision.Fp32 => ScalarType.Float32,
            Precision.Bf16 => ScalarType.BFloat16,
            Precision.Fp16 => ScalarType.Float16,
            _ => throw new ArgumentOutOfRangeException(nameof(precision), precision, "Resolve it first."),
        };

    /// <param name="device">Where to compute.</param>
    /// <param name="describe">The driver's description of a CUDA device; default: <see cref="CudaDriver"/>.</param>
    internal static Precision Automatic(Device device, Func<int, CudaDevice?>? describe = null)
    {
        if (device.type != DeviceType.CUDA)
            return Precision.Fp32;
        return (describe ?? CudaDriver.Describe)(Math.Max(device.index, 0)) switch
        {
            null => Precision.Fp32,
            { HasFastBfloat16: true } => Precision.Bf16,
            _ => Precision.Fp16,
        };
    }
}
