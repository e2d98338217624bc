using System.Buffers.Binary;
using ImageMagick;

namespace TextualInversion.Data;

/// <summary>
/// Recognises images by their first bytes, never by their name. What is not listed here (SVG, PDF, PostScript, playlists…)
/// is never handed to a decoder.
/// </summary>
internal static class ImageFormats
{
    /// <summary>For messages.</summary>
    public const string Names = "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF";

    /// <summary>How many first bytes <see cref="Recognise"/> looks at.</summary>
    public const int HeadBytes = 18;

    /// <summary>The format that a file's first bytes announce; null where it is none of <see cref="Names"/>.</summary>
    public static MagickFormat? Recognise(ReadOnlySpan<byte> head) =>
        head switch
        {
            _ when head.StartsWith<byte>([0xFF, 0xD8, 0xFF]) => MagickFormat.Jpeg,
            _ when head.StartsWith<byte>([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]) =>
                MagickFormat.Png,
            _ when head.StartsWith("RIFF"u8) && At(head, 8, "WEBP"u8) => MagickFormat.WebP,
            _ when head.StartsWith("GIF87a"u8) || head.StartsWith("GIF89a"u8) => MagickFormat.Gif,
            _ when head.StartsWith("II*\0"u8) || head.StartsWith("MM\0*"u8) => MagickFormat.Tiff,
            _ when head.StartsWith("BM"u8) && IsBitmapHeader(head) => MagickFormat.Bmp,
            _ when At(head, 4, "ftyp"u8) => RecogniseBrand(head),
            _ => null,
        };

    /// <summary>Two letters are weak evidence: the length of the second header is one of those that were ever defined.</summary>
    private static bool IsBitmapHeader(ReadOnlySpan<byte> head) =>
        head.Length >= 18
        && BinaryPrimitives.ReadUInt32LittleEndian(head[14..]) is 12 or 40 or 52 or 56 or 64 or 108 or 124;

    /// <summary>The major brand of an ISO base media file (ISO/IEC 14496-12, 23008-12): films have the same box and other brands.</summary>
    private static MagickFormat? RecogniseBrand(ReadOnlySpan<byte> head)
    {
        if (At(head, 8, "avif"u8) || At(head, 8, "avis"u8))
            return MagickFormat.Avif;
        if (At(head, 8, "mif1"u8) || At(head, 8, "msf1"u8))
            return MagickFormat.Heic;
        return At(head, 8, "hei"u8) || At(head, 8, "hev"u8) ? MagickFormat.Heic : null;
    }

    private static bool At(ReadOnlySpan<byte> head, int offset, ReadOnlySpan<byte> expected) =>
        head.Length >= offset && head[offset..].StartsWith(expected);
}
