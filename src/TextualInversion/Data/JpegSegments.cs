using System.Buffers.Binary;

namespace TextualInversion.Data;

/// <summary>The segments of a JPEG file (ITU-T T.81, annex B).</summary>
internal static class JpegSegments
{
    public const byte App1 = 0xE1,
        App2 = 0xE2;

    /// <summary>
    /// The longest EXIF data that fit in a segment: it has at most 65,533 bytes, of which the header takes six.
    /// </summary>
    public const int MaxExifBytes = ushort.MaxValue - 8;

    private const byte EndOfImage = 0xD9;
    private const int FirstSegment = 2; // after the start of image

    /// <summary>The beginning of a segment with EXIF data.</summary>
    public static ReadOnlySpan<byte> ExifHeader => "Exif\0\0"u8;

    /// <summary>
    /// The markers with their data, up to the end of the image. The entropy-coded data between them are skipped.
    /// </summary>
    /// <exception cref="InvalidDataException">The file ends before the image does.</exception>
    public static IEnumerable<(byte Marker, ReadOnlyMemory<byte> Data)> Read(byte[] file)
    {
        var at = 0;
        while (true)
        {
            at = FindMarker(file, at);
            var marker = file[at++];
            if (marker == EndOfImage)
                yield break;
            if (HasNoData(marker))
                continue;
            var length = at + 2 <= file.Length ? BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at)) : 0;
            if (length < 2 || length > file.Length - at)
                throw TooShort();
            yield return (marker, file.AsMemory(at + 2, length - 2));
            at += length;
        }
    }

    /// <summary>Inserts EXIF data after the first segment (JFIF).</summary>
    /// <param name="file">A JPEG without EXIF data.</param>
    /// <param name="exif">From the byte order mark on, at most <see cref="MaxExifBytes"/>.</param>
    public static byte[] WithExif(byte[] file, ReadOnlySpan<byte> exif)
    {
        var at = FirstSegment + 2 + BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(FirstSegment + 2));
        var length = 2 + ExifHeader.Length + exif.Length;
        byte[] start = [0xFF, App1, (byte)(length >> 8), (byte)length];
        return [.. file.AsSpan(0, at), .. start, .. ExifHeader, .. exif, .. file.AsSpan(at)];
    }

    /// <summary>
    /// The position of a marker's second byte. A marker may begin with several 0xFF; 0 after them means data.
    /// </summary>
    private static int FindMarker(ReadOnlySpan<byte> file, int at)
    {
        while (true)
        {
            var next = file[at..].IndexOf((byte)0xFF);
            if (next < 0)
                throw TooShort();
            at += next + 1;
            while (at < file.Length && file[at] == 0xFF)
                at++;
            if (at == file.Length)
                throw TooShort();
            if (file[at] != 0)
                return at;
        }
    }

    /// <summary>Start of image, restart markers and TEM have no data.</summary>
    private static bool HasNoData(byte marker) => marker is (>= 0xD0 and <= 0xD8) or 0x01;

    private static InvalidDataException TooShort() => new("it ends before its end marker");
}
