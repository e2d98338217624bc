using System.Buffers.Binary;
using System.Numerics;

namespace TextualInversion.IO;

/// <summary>SHA-256 in C# (FIPS 180-4, section 6.2), for systems without OpenSSL.</summary>
internal sealed class ManagedSha256
{
    private const int BlockBytes = 64;
    private const int LengthBytes = 8; // of the message's length in bits, at the end of the last block
    private const int Rounds = 64;
    private const int WordsOfABlock = 16;

    // The first 32 bits of the fractional parts of the cube roots of the first 64 primes, and of the square roots of
    // the first eight (sections 4.2.2 and 5.3.3).
    private static readonly uint[] Constants = [.. Primes(Rounds).Select(prime => Fraction(prime, Cube, 96))];

    private readonly uint[] state = [.. Primes(8).Select(prime => Fraction(prime, Square, 64))];
    private readonly uint[] schedule = new uint[Rounds];
    private readonly byte[] block = new byte[BlockBytes];
    private int filled;
    private long length;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        length += bytes.Length;
        if (filled > 0)
        {
            var missing = Math.Min(BlockBytes - filled, bytes.Length);
            bytes[..missing].CopyTo(block.AsSpan(filled));
            filled += missing;
            bytes = bytes[missing..];
            if (filled < BlockBytes)
                return;
            Compress(block);
            filled = 0;
        }

        for (; bytes.Length >= BlockBytes; bytes = bytes[BlockBytes..])
            Compress(bytes[..BlockBytes]);
        bytes.CopyTo(block);
        filled = bytes.Length;
    }

    /// <summary>The hash of everything that was appended. Nothing can be appended afterwards.</summary>
    public byte[] Finish()
    {
        var bits = 8 * length;
        // A one, zeros, and the length, so that the last block is full.
        var padding = new byte[BlockBytes - (int)((length + LengthBytes) % BlockBytes) + LengthBytes];
        padding[0] = 0x80;
        BinaryPrimitives.WriteInt64BigEndian(padding.AsSpan(padding.Length - LengthBytes), bits);
        Append(padding);
        var hash = new byte[state.Length * sizeof(uint)];
        for (var i = 0; i < state.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(i * sizeof(uint)), state[i]);
        return hash;
    }

    private void Compress(ReadOnlySpan<byte> bytes)
    {
        Expand(bytes);
        var (a, b, c, d) = (state[0], state[1], state[2], state[3]);
        var (e, f, g, h) = (state[4], state[5], state[6], state[7]);
        for (var t = 0; t < Rounds; t++)
        {
            var sum = BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11);
            var first =
                h + (sum ^ BitOperations.RotateRight(e, 25)) + ((e & f) ^ (~e & g)) + Constants[t] + schedule[t];
            sum = BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13);
            var second = (sum ^ BitOperations.RotateRight(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + first, c, b, a, first + second);
        }

        (state[0], state[1], state[2], state[3]) = (state[0] + a, state[1] + b, state[2] + c, state[3] + d);
        (state[4], state[5], state[6], state[7]) = (state[4] + e, state[5] + f, state[6] + g, state[7] + h);
    }

    /// <summary>The message schedule of a block.</summary>
    private void Expand(ReadOnlySpan<byte> bytes)
    {
        for (var t = 0; t < WordsOfABlock; t++)
            schedule[t] = BinaryPrimitives.ReadUInt32BigEndian(bytes[(t * sizeof(uint))..]);
        for (var t = WordsOfABlock; t < Rounds; t++)
        {
            var (x, y) = (schedule[t - 15], schedule[t - 2]);
            var low = BitOperations.RotateRight(x, 7) ^ BitOperations.RotateRight(x, 18) ^ (x >> 3);
            var high = BitOperations.RotateRight(y, 17) ^ BitOperations.RotateRight(y, 19) ^ (y >> 10);
            schedule[t] = schedule[t - 16] + low + schedule[t - 7] + high;
        }
    }

    private static IEnumerable<int> Primes(int count) =>
        Enumerable.Range(2, 400).Where(n => !Enumerable.Range(2, n - 2).Any(factor => n % factor == 0)).Take(count);

    /// <summary>The lowest 32 bits of the largest root whose power is at most prime * 2^shift.</summary>
    private static uint Fraction(int prime, Func<BigInteger, BigInteger> power, int shift)
    {
        var target = new BigInteger(prime) << shift;
        var root = BigInteger.Zero;
        for (var bit = 40; bit >= 0; bit--)
        {
            var larger = root | (BigInteger.One << bit);
            if (power(larger) <= target)
                root = larger;
        }

        return (uint)(root & uint.MaxValue);
    }

    private static BigInteger Square(BigInteger x) => x * x;

    private static BigInteger Cube(BigInteger x) => x * x * x;
}
