using System.Buffers.Binary;

namespace TextualInversion.Data;

/// <summary>
/// Recognizes images by their first bytes, never by their name. Files of other formats (SVG, PDF, PostScript…) never
/// reach a decoder.
/// </summary>
internal static class ImageFormats
{
    /// <summary>The formats that can be decoded, for messages.</summary>
    public const string Names = "JPEG, PNG, WebP, GIF, BMP or TIFF";

    /// <summary>The number of first bytes that <see cref="Recognize"/> needs.</summary>
    public const int HeadBytes = 18;

    /// <summary>
    /// The format that a file's first bytes announce, or null if they announce none of <see cref="ImageFormat"/>.
    /// </summary>
    public static ImageFormat? Recognize(ReadOnlySpan<byte> head) =>
        head switch
        {
            _ when head.StartsWith<byte>([0xFF, 0xD8, 0xFF]) => ImageFormat.Jpeg,
            _ when head.StartsWith(PngTextChunk.Signature) => ImageFormat.Png,
            _ when head.StartsWith("RIFF"u8) && At(head, 8, "WEBP"u8) => ImageFormat.WebP,
            _ when head.StartsWith("GIF87a"u8) || head.StartsWith("GIF89a"u8) => ImageFormat.Gif,
            _ when head.StartsWith("II*\0"u8) || head.StartsWith("MM\0*"u8) => ImageFormat.Tiff,
            _ when head.StartsWith("BM"u8) && IsBitmapHeader(head) => ImageFormat.Bmp,
            _ when At(head, 4, "ftyp"u8) => RecognizeBrand(head),
            _ => null,
        };

    /// <summary>Whether images of a format can be decoded.</summary>
    public static bool CanDecode(ImageFormat format) => format is not (ImageFormat.Heic or ImageFormat.Avif);

    /// <summary>
    /// Two letters are weak evidence, so the length of the second header must be one that was ever defined.
    /// </summary>
    private static bool IsBitmapHeader(ReadOnlySpan<byte> head) =>
        head.Length >= 18
        && BinaryPrimitives.ReadUInt32LittleEndian(head[14..]) is 12 or 40 or 52 or 56 or 64 or 108 or 124;

    /// <summary>
    /// The major brand of an ISO base media file (ISO/IEC 14496-12, 23008-12). Videos have the same box with other
    /// brands.
    /// </summary>
    private static ImageFormat? RecognizeBrand(ReadOnlySpan<byte> head)
    {
        if (At(head, 8, "avif"u8) || At(head, 8, "avis"u8))
            return ImageFormat.Avif;
        if (At(head, 8, "mif1"u8) || At(head, 8, "msf1"u8))
            return ImageFormat.Heic;
        return At(head, 8, "hei"u8) || At(head, 8, "hev"u8) ? ImageFormat.Heic : null;
    }

    private static bool At(ReadOnlySpan<byte> head, int offset, ReadOnlySpan<byte> expected) =>
        head.Length >= offset && head[offset..].StartsWith(expected);
}
