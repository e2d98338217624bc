using System.Text;

namespace TextualInversion.Data;

/// <summary>Explains, from a file's first bytes, why it cannot be decoded as an image.</summary>
internal static class UnreadableFile
{
    /// <summary>The number of first bytes that <see cref="Describe"/> needs.</summary>
    public const int HeadBytes = 256;

    /// <summary>The reason for files of an unknown kind.</summary>
    public const string NotAnImage = "is not an image that can be read";

    private static readonly string[] WebPages = ["<!doctype html", "<html", "<head", "<body", "<script"];

    /// <summary>
    /// The reason, as the end of a message that begins with the path, or null if the file may be decoded.
    /// </summary>
    public static string? Describe(ReadOnlySpan<byte> head)
    {
        if (head.IsEmpty)
            return "is empty (0 bytes); copy or download it again";
        return ImageFormats.Recognize(head) switch
        {
            ImageFormat.Heic => Convert("a HEIC", "heif-convert photo.heic photo.png"),
            ImageFormat.Avif => Convert("an AVIF", "avifdec photo.avif photo.png"),
            null => DescribeOther(head),
            _ => null,
        };
    }

    private static string DescribeOther(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("version https://git-lfs"u8))
            return "is a Git LFS pointer, not the image itself; run `git lfs pull` in its repository";
        if (head.StartsWith("8BPS"u8))
            return Convert("a Photoshop");
        if (head.StartsWith<byte>([0xFF, 0x0A]) || head.StartsWith("\0\0\0\fJXL "u8))
            return Convert("a JPEG XL", "djxl photo.jxl photo.png");
        var text = Encoding.Latin1.GetString(head).TrimStart('ï', '»', '¿', ' ', '\t', '\r', '\n');
        if (WebPages.Any(start => text.StartsWith(start, StringComparison.OrdinalIgnoreCase)))
            return "is a web page, not an image; download the image itself";
        return text.Contains("<svg", StringComparison.OrdinalIgnoreCase) ? Convert("an SVG") : NotAnImage;
    }

    private static string Convert(string kind, string? command = null)
    {
        var example = command is null ? "" : $", for example with `{command}`";
        return $"is {kind} image, which cannot be read; convert it to PNG or JPEG{example}";
    }
}
