using System.IO.Compression;

namespace TextualInversion.Data;

/// <summary>What an image file says about its pixels.</summary>
/// <param name="Exif">From the byte order mark on; empty if the file has none.</param>
/// <param name="IccProfile">The color profile; empty if the file has none.</param>
internal sealed record EmbeddedMetadata(ReadOnlyMemory<byte> Exif, ReadOnlyMemory<byte> IccProfile)
{
    private const int MaxIccProfileBytes = 4 << 20; // compressed in PNG; the largest printer profiles have 3 MB

    private static ReadOnlySpan<byte> IccHeader => "ICC_PROFILE\0"u8;

    /// <summary>How to turn the image upright, 1 (not at all) to 8.</summary>
    public int Orientation => new ExifReader(Exif.Span).Orientation;

    /// <summary>Looks through the structure of the file, which also shows whether the file is cut off.</summary>
    /// <exception cref="InvalidDataException">The file is shorter than it says.</exception>
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
        // A profile may be in several segments, each with its number and how many there are.
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

    /// <summary>Some programs write JPEG's header into other files too.</summary>
    private static ReadOnlyMemory<byte> WithoutHeader(ReadOnlyMemory<byte> exif) =>
        exif.Span.StartsWith(JpegSegments.ExifHeader) ? exif[JpegSegments.ExifHeader.Length..] : exif;

    /// <summary>
    /// The profile of a PNG: a name, 0, the method, then compressed. One that is damaged counts as none.
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
