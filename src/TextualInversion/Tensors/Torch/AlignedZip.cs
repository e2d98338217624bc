using System.Buffers.Binary;
using System.Text;
using TextualInversion.IO;

namespace TextualInversion.Tensors.Torch;

/// <summary>
/// A zip archive as torch writes it: nothing compressed, no dates, sizes behind each file, and every file at a multiple of 64 bytes so
/// that it can be mapped (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.7 to 4.3.16; the padding is an extra
/// field called FB, as in pytorch's caffe2/serialize/inline_container.cc).
/// </summary>
internal sealed class AlignedZip(Stream stream)
{
    private const int Alignment = 64,
        LocalHeaderLength = 30,
        ExtraHeaderLength = 4;
    private const ushort SizesFollow = 0x0808; // and names are UTF-8

    private readonly List<byte> list = [];
    private long position;
    private ushort count;

    /// <param name="name">In the archive.</param>
    /// <param name="content">Less than 4 GiB.</param>
    public void Add(string name, ReadOnlySpan<byte> content)
    {
        var (utf8, begin) = (Encoding.UTF8.GetBytes(name), position);
        var padding = (int)(-(position + LocalHeaderLength + utf8.Length + ExtraHeaderLength) & (Alignment - 1));
        var extra = new byte[ExtraHeaderLength + padding];
        (extra[0], extra[1]) = ((byte)'F', (byte)'B');
        BinaryPrimitives.WriteUInt16LittleEndian(extra.AsSpan(2), (ushort)padding);
        extra.AsSpan(ExtraHeaderLength).Fill((byte)'Z');
        var (crc, size) = (Crc32.Of(content), (uint)content.Length);
        Write(
            Fields(
                0x04034b50,
                (ushort)0,
                SizesFollow,
                (ushort)0,
                0u,
                0u,
                0u,
                0u,
                (ushort)utf8.Length,
                (ushort)extra.Length
            )
        );
        Write(utf8);
        Write(extra);
        Write(content);
        Write(Fields(0x08074b50, crc, size, size));
        list.AddRange(
            Fields(
                0x02014b50,
                0u,
                SizesFollow,
                (ushort)0,
                0u,
                crc,
                size,
                size,
                (ushort)utf8.Length,
                0u,
                0u,
                0u,
                (uint)begin
            )
        );
        list.AddRange(utf8);
        count++;
    }

    /// <summary>Writes the list of files, in 64 and in 32 bits.</summary>
    public void Finish()
    {
        var (begin, length) = ((ulong)position, (ulong)list.Count);
        Write(list.ToArray());
        var end = (ulong)position;
        Write(Fields(0x06064b50, 44ul, (ushort)0x031e, (ushort)45, 0u, 0u, (ulong)count, (ulong)count, length, begin));
        Write(Fields(0x07064b50, 0u, end, 1u));
        Write(Fields(0x06054b50, 0u, count, count, (uint)length, (uint)begin, (ushort)0));
    }

    private static byte[] Fields(uint signature, params ReadOnlySpan<object> fields)
    {
        List<byte> bytes = [.. BitConverter.GetBytes(signature)];
        foreach (var field in fields)
        {
            bytes.AddRange(
                field switch
                {
                    ushort two => BitConverter.GetBytes(two),
                    uint four => BitConverter.GetBytes(four),
                    ulong eight => BitConverter.GetBytes(eight),
                    _ => throw new ArgumentException($"{field.GetType().Name} is no field.", nameof(fields)),
                }
            );
        }

        return [.. bytes];
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        stream.Write(bytes);
        position += bytes.Length;
    }
}
