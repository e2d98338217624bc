using System.Buffers.Binary;
using System.Text;

namespace TextualInversion.Data;

/// <summary>The chunks of a WebP file (RFC 9649).</summary>
internal static class RiffChunks
{
    private const int HeaderBytes = 12,
        ChunkHeaderBytes = 8,
        FrameHeaderBytes = 16; // position, size, duration, flags

    // In the first byte of VP8X.
    private const byte AlphaFlag = 0x10,
        ExifFlag = 0x08;

    /// <summary>The chunks of the file.</summary>
    /// <exception cref="InvalidDataException">The file is shorter than its headers say.</exception>
    public static IEnumerable<(string Type, ReadOnlyMemory<byte> Data)> Read(byte[] file)
    {
        if (file.Length < HeaderBytes || Length(file, 4) > file.Length - ChunkHeaderBytes)
            throw TooShort();
        var end = ChunkHeaderBytes + (int)Length(file, 4);
        for (var at = HeaderBytes; at + ChunkHeaderBytes <= end; )
        {
            var type = Encoding.Latin1.GetString(file, at, 4);
            var length = Length(file, at + 4);
            at += ChunkHeaderBytes;
            if (length > end - at)
                throw TooShort();
            yield return (type, file.AsMemory(at, (int)length));
            at += (int)(length + (length & 1)); // padded to an even length
        }
    }

    /// <summary>
    /// The first frame of an animation as a still image; other files unchanged, except that one without an alpha
    /// channel does not claim to have one, on which the decoder fails.
    /// </summary>
    /// <exception cref="InvalidDataException">See <see cref="Read"/>.</exception>
    public static byte[] FirstFrame(byte[] file)
    {
        var chunks = Read(file).ToList();
        if (chunks.Find(chunk => chunk.Type == "ANMF") is { Data: { Length: > FrameHeaderBytes } frame })
        {
            var size = frame.Span[6..12]; // width and height minus one, after the position on the canvas, as in VP8X
            var pixels = frame.Span[FrameHeaderBytes..];
            var hasAlpha = pixels.StartsWith("ALPH"u8) || pixels.StartsWith("VP8L"u8);
            return Write([.. VP8X(hasAlpha, hasExif: false, size), .. pixels]);
        }

        if (chunks is not [("VP8X", { Length: > 0 } header), ..] || (header.Span[0] & AlphaFlag) == 0)
            return file;
        if (chunks.Exists(chunk => chunk.Type is "ALPH" or "VP8L"))
            return file;
        var opaque = file.ToArray();
        opaque[HeaderBytes + ChunkHeaderBytes] ^= AlphaFlag;
        return opaque;
    }

    /// <summary>Adds EXIF data to a still image.</summary>
    /// <param name="file">A WebP without EXIF data: its header and one chunk of pixels.</param>
    /// <param name="exif">The EXIF data from the byte order mark on.</param>
    public static byte[] WithExif(byte[] file, int widthPixels, int heightPixels, ReadOnlySpan<byte> exif)
    {
        var size = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(size, widthPixels - 1);
        BinaryPrimitives.WriteInt32LittleEndian(size.AsSpan(3), heightPixels - 1); // 24 bits each
        return Write([
            .. VP8X(hasAlpha: false, hasExif: true, size.AsSpan(..6)),
            .. file.AsSpan(HeaderBytes),
            .. Chunk("EXIF"u8, exif),
        ]);
    }

    private static byte[] VP8X(bool hasAlpha, bool hasExif, ReadOnlySpan<byte> size) =>
        Chunk("VP8X"u8, [(byte)((hasAlpha ? AlphaFlag : 0) | (hasExif ? ExifFlag : 0)), 0, 0, 0, .. size]);

    private static byte[] Chunk(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, data.Length);
        return [.. type, .. length, .. data, .. new byte[data.Length & 1]];
    }

    private static byte[] Write(ReadOnlySpan<byte> chunks) => Chunk("RIFF"u8, [.. "WEBP"u8, .. chunks]);

    private static uint Length(byte[] file, int at) => BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at));

    private static InvalidDataException TooShort() => new("it is shorter than its header says");
}
