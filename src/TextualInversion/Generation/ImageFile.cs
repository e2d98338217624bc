using ImageMagick;
using TextualInversion.Data;
using TextualInversion.IO;

namespace TextualInversion.Generation;

/// <summary>
/// A generated image as a file. The settings that made it are inside, where the AUTOMATIC1111 WebUI writes and reads
/// them: in PNG as text under the keyword <c>parameters</c>, in JPEG and WebP as the EXIF user comment.
/// </summary>
internal static class ImageFile
{
    private const string Keyword = "parameters";
    private const int HeaderEnd = PngTextChunk.SignatureLength + 12 + 13; // signature and IHDR
    private const uint JpegQuality = 95,
        WebPQuality = 92;

    /// <summary>The endings of the files that can be written.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".png", ".jpg", ".jpeg", ".webp"];

    /// <summary>
    /// Writes <paramref name="rgb"/>, (H, W, 3) bytes, as the path's ending says; the same input gives the same bytes.
    /// </summary>
    /// <exception cref="ArgumentException">The pixels are not H x W x 3, the parameters hold a NUL, or the ending is
    /// none of <see cref="Endings"/>.</exception>
    /// <exception cref="TextualInversionException">See <see cref="AtomicFile.Write"/>.</exception>
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
        using var image = new MagickImage();
        image.ReadPixels(
            rgb,
            new PixelReadSettings((uint)widthPixels, (uint)heightPixels, StorageType.Char, PixelMapping.RGB)
        );
        var file = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".png" => EncodePng(image, parameters),
            ".jpg" or ".jpeg" => EncodeWithComment(image, MagickFormat.Jpeg, JpegQuality, parameters),
            ".webp" => EncodeWithComment(image, MagickFormat.WebP, WebPQuality, parameters),
            _ => throw new ArgumentException($"{path} ends in none of {string.Join(", ", Endings)}.", nameof(path)),
        };
        AtomicFile.Write(path, overwrite, stream => stream.Write(file));
    }

    /// <summary>The settings in an image that this or the WebUI wrote; null where it has none.</summary>
    /// <exception cref="TextualInversionException">The file cannot be read, is no such image, is truncated or
    /// damaged.</exception>
    public static string? ReadParameters(string path)
    {
        try
        {
            var file = File.ReadAllBytes(path);
            if (file.AsSpan().StartsWith(PngTextChunk.Signature))
                return PngTextChunk.Find(file, Keyword);
            if (ImageFormats.Recognise(file) is not (MagickFormat.Jpeg or MagickFormat.WebP))
                throw new TextualInversionException(
                    $"{path}: is not a PNG, JPEG or WebP image; name one that `ti generate` wrote."
                );
            return UserComment.Read(ImageDecoder.ReadExif(path, file));
        }
        catch (InvalidDataException error)
        {
            throw new TextualInversionException(
                $"{path}: is damaged ({error.Message}); take another copy of it.",
                error
            );
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TextualInversionException($"{path}: cannot be read ({error.Message.TrimEnd('.')}).", error);
        }
    }

    private static byte[] EncodePng(MagickImage image, string parameters)
    {
        // Nothing but the pixels: no date, no palette.
        image.Settings.SetDefine(MagickFormat.Png, "exclude-chunks", "all");
        var png = image.ToByteArray(MagickFormat.Png24);
        return [.. png[..HeaderEnd], .. PngTextChunk.Make(Keyword, parameters), .. png[HeaderEnd..]];
    }

    private static byte[] EncodeWithComment(MagickImage image, MagickFormat format, uint quality, string parameters)
    {
        image.Quality = quality;
        image.SetProfile(UserComment.Make(parameters));
        return image.ToByteArray(format);
    }
}
