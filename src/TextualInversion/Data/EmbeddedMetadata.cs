using System.IO.Compression;

namespace TextualInversion.Data;

/// <summary>The metadata of an image file that affect how its pixels are shown.</summary>
/// <param name="Exif">The EXIF data from the byte order mark on; empty if the file has none.</param>
/// <param name="IccProfile">The color profile; empty if the file has none.</param>
internal sealed record EmbeddedMetadata(ReadOnlyMemory<byte> Exif, ReadOnlyMemory<byte> IccProfile)
{
    private const int MaxIccProfileBytes = 4 << 20; // compressed in PNG; the largest printer profiles have 3 MB

    private static ReadOnlySpan<byte> IccHeader => "ICC_PROFILE\0"u8;

    /// <summary>The EXIF orientation, 1 (upright) to 8.</summary>
    public int Orientation => new ExifReader(Exif.Span).Orientation;

    /// <summary>Reads the structure of the file, which also shows whether the file is cut off.</summary>
    /// <exception cref="InvalidDataException">The file is shorter than its structure says.</exception>
    public static EmbeddedMetadata Read(ImageFormat format, byte[] file) =>
        format switch
        {
            ImageFormat.Jpeg => OfJpeg(file),
            ImageFormat.Png => OfChunks(PngChunks.Read(file), "eXIf", "iCCP", Inflate),
            ImageFormat.WebP => OfChunks(RiffChunks.Read(file), "EXIF", "ICCP", profile => profile),
            ImageFormat.Tiff => new(file, new ExifReader(file).IccProfile.ToArray()),
            _ => new(default, default),
        };

    private static EmbeddedMetadata OfJpeg(byte[] file)
    {
        var segments = JpegSegments.Read(file).ToList();
        var exif = segments.Find(each =>
            each.Marker == JpegSegments.App1 && each.Data.Span.StartsWith(JpegSegments.ExifHeader)
        );
        // A profile may be split over several segments, each with its number and the number of segments.
        var parts = segments
            .Where(each => each.Marker == JpegSegments.App2 && each.Data.Span.StartsWith(IccHeader))
            .Where(each => each.Data.Length > IccHeader.Length + 2)
            .OrderBy(each => each.Data.Span[IccHeader.Length])
            .SelectMany(each => each.Data[(IccHeader.Length + 2)..].ToArray());
        return new(WithoutHeader(exif.Data), parts.ToArray());
    }

    private static EmbeddedMetadata OfChunks(
        IEnumerable<(string Type, ReadOnlyMemory<byte> Data)> chunks,
        string exif,
        string profile,
        Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> unpack
    )
    {
        var all = chunks.ToList();
        return new(
            WithoutHeader(all.Find(chunk => chunk.Type == exif).Data),
            unpack(all.Find(chunk => chunk.Type == profile).Data)
        );
    }

    /// <summary>Removes the header that belongs to JPEG; some programs write it into other formats too.</summary>
    private static ReadOnlyMemory<byte> WithoutHeader(ReadOnlyMemory<byte> exif) =>
        exif.Span.StartsWith(JpegSegments.ExifHeader) ? exif[JpegSegments.ExifHeader.Length..] : exif;

    /// <summary>
    /// The profile in a PNG chunk: a name, a zero byte, the compression method, the compressed profile. Empty if
    /// damaged.
    /// </summary>
    private static ReadOnlyMemory<byte> Inflate(ReadOnlyMemory<byte> chunk)
    {
        var name = chunk.Span.IndexOf((byte)0);
        if (name < 0 || chunk.Length < name + 2)
            return default;
        try
        {
            using var compressed = new MemoryStream(chunk[(name + 2)..].ToArray());
            using var inflated = new ZLibStream(compressed, CompressionMode.Decompress);
            var profile = new byte[MaxIccProfileBytes];
            return profile.AsMemory(0, inflated.ReadAtLeast(profile, profile.Length, throwOnEndOfStream: false));
        }
        catch (InvalidDataException)
        {
            return default;
        }
    }
}
