using System.Buffers.Binary;
using System.Text;
using TextualInversion.Data;

namespace TextualInversion.Tests.Fuzzing;

/// <summary>
/// WebP images with a damaged chunk. The lengths are mostly right, so that readers look further.
/// </summary>
internal sealed class WebPDamage(byte[] original)
{
    private readonly List<(string Type, ReadOnlyMemory<byte> Data)> chunks = [.. RiffChunks.Read(original)];

    public byte[] Next(Random random)
    {
        if (random.Next(4) == 0)
            return Damage.OfBytes(original, random);
        var changed = chunks.ToList();
        var at = random.Next(changed.Count);
        switch (random.Next(12))
        {
            case 0:
                changed.RemoveAt(at);
                break;
            case 1:
                changed.Insert(random.Next(changed.Count), changed[at]);
                break;
            case 2:
                changed[at] = (changed[random.Next(changed.Count)].Type, changed[at].Data);
                break;
            default:
                changed[at] = (changed[at].Type, Damage.OfBytes(changed[at].Data.Span, random));
                break;
        }

        return Chunk("RIFF", [.. "WEBP"u8, .. changed.SelectMany(chunk => Chunk(chunk.Type, chunk.Data.Span))]);
    }

    private static byte[] Chunk(string type, ReadOnlySpan<byte> data)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, data.Length);
        return [.. Encoding.Latin1.GetBytes(type), .. length, .. data, .. new byte[data.Length & 1]];
    }
}
