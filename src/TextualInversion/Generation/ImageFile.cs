using TextualInversion.Data;
using TextualInversion.IO;

namespace TextualInversion.Generation;

/// <summary>
/// Writes generated images with their settings, and reads the settings. As in the AUTOMATIC1111 WebUI, they are in PNG
/// a text under the keyword <c>parameters</c>, in JPEG and WebP the EXIF user comment.
/// </summary>
internal static class ImageFile
{
    private const string Keyword = "parameters";
    private const int HeaderEnd = PngTextChunk.SignatureLength + 12 + 13; // signature and IHDR
    private const int JpegQuality = 95,
        WebPQuality = 92;

    /// <summary>The file extensions that can be written.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".png", ".jpg", ".jpeg", ".webp"];

    /// <summary>
    /// Writes <paramref name="rgb"/>, (H, W, 3) bytes, in the format of the path's extension. The same input gives the
    /// same bytes.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The pixels are not H x W x 3, the parameters hold a NUL, or the extension is not one of
    /// <see cref="Extensions"/>.
    /// </exception>
    /// <exception cref="TextualInversionException">
    /// The parameters are too long for a JPEG; or see <see cref="AtomicFile.Write"/>.
    /// </exception>
    public static void Write(
        string path,
        ReadOnlySpan<byte> rgb,
        int widthPixels,
        int heightPixels,
        string parameters,
        bool overwrite
    )
    {
        if (widthPixels <= 0 || heightPixels <= 0 || rgb.Length != widthPixels * heightPixels * 3)
            throw new ArgumentException($"{rgb.Length} bytes are not {widthPixels} x {heightPixels} x 3.", nameof(rgb));
        if (parameters.Contains('\0'))
            throw new ArgumentException("An image's text cannot hold a NUL.", nameof(parameters));
        AtomicFile.RefuseToReplace(path, overwrite);
        var image = new RgbImage(rgb.ToArray(), widthPixels, heightPixels);
        var file = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".png" => EncodePng(image, parameters),
            ".jpg" or ".jpeg" => EncodeJpeg(path, image, parameters),
            ".webp" => RiffChunks.WithExif(
                ImageEncoder.ToWebP(image, WebPQuality),
                widthPixels,
                heightPixels,
                UserComment.Make(parameters)
            ),
            _ => throw new ArgumentException($"{path} ends in none of {string.Join(", ", Extensions)}.", nameof(path)),
        };
        AtomicFile.Write(path, overwrite, stream => stream.Write(file));
    }

    /// <summary>The settings in an image that this class or the WebUI wrote, or null if there are none.</summary>
    /// <exception cref="TextualInversionException">
    /// The file cannot be read, has another format, or is truncated or damaged.
    /// </exception>
    public static string? ReadParameters(string path)
    {
        var file = ImageDecoder.ReadBytes(path);
        try
        {
            return ImageFormats.Recognize(file) switch
            {
                ImageFormat.Png => PngTextChunk.Find(file, Keyword),
                ImageFormat.Jpeg or ImageFormat.WebP => UserComment.Read(ImageDecoder.ReadExif(path, file).Span),
                _ => throw new TextualInversionException(
                    $"{path}: is not a PNG, JPEG or WebP image; name one that `ti generate` wrote."
                ),
            };
        }
        catch (InvalidDataException error)
        {
            throw new TextualInversionException(
                $"{path}: is damaged ({error.Message}); take another copy of it.",
                error
            );
        }
    }

    private static byte[] EncodePng(RgbImage image, string parameters)
    {
        var png = ImageEncoder.ToPng(image);
        return [.. png[..HeaderEnd], .. PngTextChunk.Make(Keyword, parameters), .. png[HeaderEnd..]];
    }

    private static byte[] EncodeJpeg(string path, RgbImage image, string parameters)
    {
        var exif = UserComment.Make(parameters);
        return exif.Length <= JpegSegments.MaxExifBytes
            ? JpegSegments.WithExif(ImageEncoder.ToJpeg(image, JpegQuality), exif)
            : throw new TextualInversionException(
                $"{path}: the settings are too long for a JPEG file ({parameters.Length:N0} letters); write a PNG."
            );
    }
}
