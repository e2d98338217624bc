using System.Buffers.Binary;

namespace TextualInversion.Tests.Fuzzing;

/// <summary>
/// safetensors files with a damaged header. Its length is mostly right, and the tensors mostly have their old length.
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
