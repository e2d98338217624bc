using System.Numerics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace TextualInversion.Tensors;

/// <summary>Looks for NaN and infinity at the speed of memory. In both, all bits of the exponent are set.</summary>
internal static class FiniteCheck
{
    private const long ChunkElements = 64 << 20; // a span holds at most 2 GiB

    /// <summary>Whether all values of a tensor on the CPU are finite.</summary>
    public static bool AllFinite(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var values = tensor.contiguous().view(-1);
        for (long begin = 0; begin < values.shape[0]; begin += ChunkElements)
            if (
                !AllFinite(
                    values.narrow(0, begin, Math.Min(ChunkElements, values.shape[0] - begin)).bytes,
                    tensor.dtype
                )
            )
                return false;
        return true;
    }

    private static bool AllFinite(ReadOnlySpan<byte> bytes, ScalarType type) =>
        type switch
        {
            ScalarType.Float16 => NoneHasAll<ushort>(bytes, 0x7c00),
            ScalarType.BFloat16 => NoneHasAll<ushort>(bytes, 0x7f80),
            ScalarType.Float32 => NoneHasAll<uint>(bytes, 0x7f80_0000),
            ScalarType.Float64 => NoneHasAll<ulong>(bytes, 0x7ff0_0000_0000_0000),
            _ => true, // integers
        };

    private static bool NoneHasAll<T>(ReadOnlySpan<byte> bytes, T bits)
        where T : unmanaged, IBinaryInteger<T>
    {
        var values = MemoryMarshal.Cast<byte, T>(bytes);
        var vectors = MemoryMarshal.Cast<T, Vector<T>>(values);
        var mask = new Vector<T>(bits);
        foreach (var vector in vectors)
            if (Vector.EqualsAny(vector & mask, mask))
                return false;
        foreach (var value in values[(vectors.Length * Vector<T>.Count)..])
            if ((value & bits) == bits)
                return false;
        return true;
    }
}
