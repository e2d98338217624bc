using System.Buffers.Binary;

namespace TextualInversion.Tests.Fuzzing;

/// <summary>
/// safetensors files: a damaged header behind a length that is mostly right, tensors that are mostly as long as before.
/// </summary>
internal sealed class SafetensorsDamage(byte[] original)
{
    private readonly byte[] header = original[8..(8 + (int)BinaryPrimitives.ReadInt64LittleEndian(original))];

    public byte[] Next(Random random)
    {
        if (random.Next(4) == 0)
            return Damage.OfBytes(original, random);
        var json = Damage.OfJson(header, random);
        var length = random.Next(16) == 0 ? json.Length + random.Next(-9, 10) : json.Length;
        byte[] data = original[(8 + header.Length)..];
        if (random.Next(8) == 0)
            data = Damage.OfBytes(data, random);
        return [.. BitConverter.GetBytes((long)length), .. json, .. data];
    }
}
