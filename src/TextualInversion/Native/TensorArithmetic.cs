using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Native;

/// <summary>
/// Arithmetic of tensors and numbers that is safe under garbage collection. TorchSharp's operators with a number, and
/// its sum of two tensors, create a <see cref="Scalar"/> and do not refer to it any more while libtorch reads it. A
/// collection on another thread at that moment frees it, and libtorch computes with freed memory or reports an unknown
/// scalar type. Here each scalar lives until the call has returned. A test refuses the operators everywhere else.
/// </summary>
internal static class TensorArithmetic
{
    private static readonly Scalar One = 1;

    public static Tensor Plus(this Tensor x, Tensor y) => x.add(y, One);

    public static Tensor Plus(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.add(scalar, One);
    }

    public static Tensor Minus(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.sub(scalar);
    }

    /// <summary>Of integers: the result stays one.</summary>
    public static Tensor Minus(this Tensor x, long number)
    {
        using Scalar scalar = number;
        return x.sub(scalar);
    }

    /// <summary>number - x.</summary>
    public static Tensor SubtractedFrom(this Tensor x, double number)
    {
        using var negative = x.negative();
        return negative.Plus(number);
    }

    public static Tensor Times(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.mul(scalar);
    }

    public static Tensor DividedBy(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.div(scalar);
    }

    public static Tensor Squared(this Tensor x)
    {
        using Scalar two = 2;
        return x.pow(two);
    }

    public static Tensor Clamped(this Tensor x, double smallest, double largest)
    {
        using Scalar low = smallest;
        using Scalar high = largest;
        return x.clamp(low, high);
    }

    public static Tensor ClampedFrom(this Tensor x, double smallest)
    {
        using Scalar low = smallest;
        return x.clamp_min(low);
    }

    /// <summary>Whether each integer is at least a number.</summary>
    public static Tensor IsAtLeast(this Tensor x, long number)
    {
        using Scalar scalar = number;
        return x.ge(scalar);
    }

    /// <summary>The integers, with 0 wherever the mask is true.</summary>
    public static Tensor ZeroedWhere(this Tensor x, Tensor mask)
    {
        using Scalar zero = 0;
        return x.masked_fill(mask, zero);
    }

    /// <summary>0, 1, … as float32 (count).</summary>
    public static Tensor Range(long count, Device device)
    {
        using Scalar start = 0;
        using Scalar stop = count;
        using Scalar step = 1;
        return arange(start, stop, step, ScalarType.Float32, device);
    }

    /// <summary>One number several times, as float32 (count).</summary>
    public static Tensor Filled(long count, double number, Device device)
    {
        using Scalar scalar = number;
        return full(count, scalar, ScalarType.Float32, device);
    }

    /// <summary>x = x * number.</summary>
    public static Tensor MultiplyInPlace(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.mul_(scalar);
    }

    /// <summary>x = x + factor * y.</summary>
    public static Tensor AddInPlace(this Tensor x, Tensor y, double factor)
    {
        using Scalar scalar = factor;
        return x.add_(y, scalar);
    }

    /// <summary>x = x + share * (y - x).</summary>
    public static Tensor InterpolateInPlace(this Tensor x, Tensor y, double share)
    {
        using var number = tensor(share); // TorchSharp has no form with a number
        using var weight = number.to(x.device);
        return x.lerp_(y, weight);
    }

    /// <summary>x = x + factor * y * z.</summary>
    public static Tensor AddProductInPlace(this Tensor x, Tensor y, Tensor z, double factor)
    {
        using Scalar scalar = factor;
        return x.addcmul_(y, z, scalar);
    }

    /// <summary>x = x + factor * y / z.</summary>
    public static Tensor AddQuotientInPlace(this Tensor x, Tensor y, Tensor z, double factor)
    {
        using Scalar scalar = factor;
        return x.addcdiv_(y, z, scalar);
    }
}
