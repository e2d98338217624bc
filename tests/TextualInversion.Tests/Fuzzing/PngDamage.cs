using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using TextualInversion.Data;

namespace TextualInversion.Tests.Fuzzing;

/// <summary>
/// Images that hold an embedding in damaged chunks. Their checksums are right, so that readers look further.
/// </summary>
internal sealed class PngDamage
{
    private readonly byte[] original;
    private readonly List<(byte[] Type, byte[] Data)> chunks = [];

    public PngDamage(byte[] original)
    {
        this.original = original;
        for (var at = PngTextChunk.SignatureLength; at < original.Length; )
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(original.AsSpan(at));
            chunks.Add((original[(at + 4)..(at + 8)], original[(at + 8)..(at + 8 + length)]));
            at += 12 + length;
        }
    }

    public byte[] Next(Random random)
    {
        if (random.Next(4) == 0)
            return Damage.OfBytes(original, random);
        var changed = new List<(byte[] Type, byte[] Data)>(chunks);
        var at = random.Next(changed.Count);
        if (random.Next(2) == 0)
            at = Math.Max(
                0,
                changed.FindIndex(chunk =>
                    chunk.Type.AsSpan().SequenceEqual("tEXt"u8) || chunk.Type.AsSpan().SequenceEqual("iTXt"u8)
                )
            );
        switch (random.Next(8))
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
                changed[at] = (changed[at].Type, Changed(changed[at].Type, changed[at].Data, random));
                break;
        }

        byte[] png =
        [
            .. PngTextChunk.Signature,
            .. changed.SelectMany(chunk => PngTextChunk.MakeChunk(chunk.Type, chunk.Data)),
        ];
        return random.Next(16) == 0 ? Damage.OfBytes(png, random) : png;
    }

    private static byte[] Changed(byte[] type, byte[] data, Random random)
    {
        if (type.AsSpan().SequenceEqual("IDAT"u8) && random.Next(2) == 0)
            return Deflated(Damage.OfBytes(Inflated(data), random));
        var base64 = data.AsSpan().LastIndexOf((byte)0) + 1;
        if (!data.AsSpan().StartsWith("sd-ti-embedding"u8) || random.Next(4) == 0)
            return Damage.OfBytes(data, random);
        var json = Convert.FromBase64String(Encoding.Latin1.GetString(data.AsSpan(base64)));
        return [.. data[..base64], .. Encoding.Latin1.GetBytes(Convert.ToBase64String(Damage.OfJson(json, random)))];
    }

    private static byte[] Inflated(byte[] data)
    {
        using var inflater = new ZLibStream(new MemoryStream(data), CompressionMode.Decompress);
        using var content = new MemoryStream();
        inflater.CopyTo(content);
        return content.ToArray();
    }

    private static byte[] Deflated(byte[] content)
    {
        using var stored = new MemoryStream();
        using (var stream = new ZLibStream(stored, CompressionLevel.Fastest))
            stream.Write(content);
        return stored.ToArray();
    }
}
