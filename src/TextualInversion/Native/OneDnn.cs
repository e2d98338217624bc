using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace TextualInversion.Native;

/// <summary>
/// Matrix products and convolutions by oneDNN where PyTorch would use MKL, which it does for every float32 matrix
/// product and for small convolutions: on AMD processors MKL's sgemm has half the speed of oneDNN's. The C functions
/// are those that libtorch has for ahead-of-time compiled models
/// (https://github.com/pytorch/pytorch/blob/main/torch/csrc/inductor/aoti_torch/c/shim_mkldnn.h). They report errors by
/// a code, and do not compute gradients.
/// </summary>
internal static unsafe class OneDnn
{
    private static readonly nint LinearFunction = TorchRuntime.CpuFunction("aoti_torch_cpu__linear_pointwise");

    /// <summary>Whether this libtorch was built with oneDNN.</summary>
    public static bool IsAvailable => LinearFunction != 0;

    /// <summary>
    /// Whether oneDNN's matrix products are preferred to PyTorch's: not on Intel processors, for which MKL is made.
    /// </summary>
    public static bool BeatsMkl { get; } = IsAvailable && !IsIntel();

    /// <param name="x">(…, inputs), float32 on the CPU.</param>
    /// <param name="weight">(outputs, inputs), of any strides.</param>
    /// <param name="bias">(outputs), or null for no bias.</param>
    /// <returns>(…, outputs).</returns>
    /// <exception cref="InvalidOperationException">The shapes do not fit, or memory ran out.</exception>
    public static Tensor Linear(Tensor x, Tensor weight, Tensor? bias)
    {
        var function = (delegate* unmanaged<
            nint,
            nint,
            nint*,
            byte*,
            double**,
            long,
            byte**,
            nint*,
            int>)LinearFunction;
        nint result,
            biasHandle = bias?.Handle ?? 0;
        fixed (
            byte* activation = "none\0"u8,
                algorithm = "\0"u8
        )
        {
            var algorithmPointer = algorithm;
            Check(
                function(
                    x.Handle,
                    weight.Handle,
                    bias is null ? null : &biasHandle,
                    activation,
                    null,
                    0,
                    &algorithmPointer,
                    &result
                )
            );
        }

        KeepAlive(x, weight, bias);
        return Tensor.UnsafeCreateTensor(result);
    }

    private static bool IsIntel()
    {
        if (!X86Base.IsSupported)
            return false;
        var (_, b, c, d) = X86Base.CpuId(0, 0); // the vendor's name, in this order: b, d, c
        return MemoryMarshal.AsBytes<int>([b, d, c]).SequenceEqual("GenuineIntel"u8);
    }

    private static void Check(int code)
    {
        if (code != 0)
            throw new InvalidOperationException(
                $"libtorch refused a layer (code {code}): the shapes do not fit, or memory ran out"
            );
    }

    private static void KeepAlive(Tensor x, Tensor weight, Tensor? bias)
    {
        GC.KeepAlive(x);
        GC.KeepAlive(weight);
        GC.KeepAlive(bias);
    }
}
