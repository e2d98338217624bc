using ImageMagick;
using TextualInversion.Checkpoints;
using TextualInversion.Data;

namespace TextualInversion.Generation;

/// <summary>
/// A generated picture as a PNG file. The settings that made it are inside, as text under the keyword <c>parameters</c>,
/// where the AUTOMATIC1111 WebUI writes and reads them.
/// </summary>
public static class PictureFile
{
    private const string Keyword = "parameters";
    private const int HeaderEnd = PngTextChunk.SignatureLength + 12 + 13; // signature and IHDR

    /// <summary>Writes <paramref name="rgb"/>, (H, W, 3) bytes; the same input gives the same bytes.</summary>
    /// <exception cref="ArgumentException">The pixels are not H x W x 3, or the parameters hold a NUL.</exception>
    /// <exception cref="TextualInversionException">See <see cref="AtomicFile.Write"/>.</exception>
    public static void Write(string path, ReadOnlySpan<byte> rgb, int widthPixels, int heightPixels, string parameters, bool overwrite)
    {
        if (widthPixels <= 0 || heightPixels <= 0 || rgb.Length != widthPixels * heightPixels * 3)
            throw new ArgumentException($"{rgb.Length} bytes are not {widthPixels} x {heightPixels} x 3.", nameof(rgb));
        if (parameters.Contains('\0')) throw new ArgumentException("A PNG text cannot hold a NUL.", nameof(parameters));
        AtomicFile.RefuseToReplace(path, overwrite);
        var png = Encode(rgb, widthPixels, heightPixels);
        var text = PngTextChunk.Make(Keyword, parameters);
        AtomicFile.Write(path, overwrite, stream =>
        {
            stream.Write(png, 0, HeaderEnd);
            stream.Write(text);
            stream.Write(png, HeaderEnd, png.Length - HeaderEnd);
        });
    }

    /// <summary>The settings in a picture that this or the WebUI wrote; null where it has none.</summary>
    /// <exception cref="TextualInversionException">The file cannot be read, is not PNG, is truncated or damaged.</exception>
    public static string? ReadParameters(string path)
    {
        try
        {
            var png = File.ReadAllBytes(path);
            if (!png.AsSpan().StartsWith(PngTextChunk.Signature))
                throw new TextualInversionException($"{path}: is not a PNG picture; name one that `ti generate` wrote.");
            return PngTextChunk.Find(png, Keyword);
        }
        catch (InvalidDataException error)
        {
            throw new TextualInversionException($"{path}: is damaged ({error.Message}); take another copy of it.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TextualInversionException($"{path}: cannot be read ({error.Message.TrimEnd('.')}).", error);
        }
    }

    private static byte[] Encode(ReadOnlySpan<byte> rgb, int widthPixels, int heightPixels)
    {
        using var image = new MagickImage();
        image.ReadPixels(rgb, new PixelReadSettings((uint)widthPixels, (uint)heightPixels, StorageType.Char, PixelMapping.RGB));
        // Nothing but the pixels: no date, no palette.
        image.Settings.SetDefine(MagickFormat.Png, "exclude-chunks", "all");
        return image.ToByteArray(MagickFormat.Png24);
    }
}
