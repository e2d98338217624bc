using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace TextualInversion.Data;

/// <summary>The chunks of a PNG file (https://www.w3.org/TR/png-3/).</summary>
internal static class PngChunks
{
    private const int Overhead = 12; // length, type and CRC
    private const int HeaderBytes = 13; // of IHDR, without the overhead

    // The seven passes of interlacing: first column, first row, column step, row step.
    private static readonly (int X, int Y, int Columns, int Rows)[] Passes =
    [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ];

    /// <summary>The chunks up to and including IEND.</summary>
    /// <exception cref="InvalidDataException">
    /// The file ends before IEND, or the checksum of a critical chunk is wrong.
    /// </exception>
    public static IEnumerable<(string Type, ReadOnlyMemory<byte> Data)> Read(byte[] file)
    {
        for (var at = PngTextChunk.SignatureLength; ; )
        {
            var length = file.Length - at >= Overhead ? Number(file, at) : uint.MaxValue;
            if (length > file.Length - at - Overhead)
                throw new InvalidDataException("it ends before its end chunk");
            var type = Encoding.Latin1.GetString(file, at + 4, 4);
            var end = at + 8 + (int)length;
            if (char.IsAsciiLetterUpper(type[0]) && Crc32.HashToUInt32(file.AsSpan((at + 4)..end)) != Number(file, end))
                throw new InvalidDataException($"the checksum of its {type} chunk is wrong");
            yield return (type, file.AsMemory((at + 8)..end));
            if (type == "IEND")
                yield break;
            at = end + 4;
        }
    }

    /// <summary>Refuses a file with fewer pixels than its header says; decoders fill them with black.</summary>
    /// <exception cref="InvalidDataException">See <see cref="Read"/>; or the pixels are too few or damaged.</exception>
    public static void CheckPixels(byte[] file)
    {
        var chunks = Read(file).ToList();
        if (chunks is not [("IHDR", { Length: HeaderBytes } header), ..])
            throw new InvalidDataException("it does not begin with its header");
        if (IsInterlacedAndTiny(header.Span))
            throw new NotSupportedException("it is interlaced and has a side of less than 5 pixels");
        using var data = new MemoryStream();
        foreach (var (_, part) in chunks.Where(chunk => chunk.Type == "IDAT"))
            data.Write(part.Span);
        data.Position = 0;
        using var pixels = new ZLibStream(data, CompressionMode.Decompress);
        var buffer = new byte[1 << 16];
        for (var missing = PixelBytes(header.Span); missing > 0; )
        {
            var read = pixels.Read(buffer);
            if (read == 0)
                throw new InvalidDataException("its pixels end too early");
            missing -= read;
        }
    }

    /// <summary>Some passes of such an image are empty, which makes the decoder run forever.</summary>
    private static bool IsInterlacedAndTiny(ReadOnlySpan<byte> header) =>
        header[12] != 0 && Math.Min(Number(header, 0), Number(header, 4)) < 5;

    /// <summary>The number of uncompressed bytes of the pixels: each row begins with one byte for its filter.</summary>
    private static long PixelBytes(ReadOnlySpan<byte> header)
    {
        var (width, height) = (Number(header, 0), Number(header, 4));
        var bits =
            header[8]
            * (
                header[9] switch
                {
                    2 => 3,
                    4 => 2,
                    6 => 4,
                    _ => 1,
                }
            ); // bits per sample, color type
        var isInterlaced = header[12] != 0;
        return isInterlaced
            ? Passes.Sum(pass => Bytes(Steps(width, pass.X, pass.Columns), Steps(height, pass.Y, pass.Rows)))
            : Bytes(width, height);

        long Bytes(long columns, long rows) => columns == 0 ? 0 : rows * (1 + (columns * bits + 7) / 8);

        static long Steps(long size, int first, int step) => size <= first ? 0 : (size - first + step - 1) / step;
    }

    private static uint Number(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
}
