using System.Buffers.Binary;
using System.Text.RegularExpressions;
using ImageMagick;

namespace TextualInversion.Data;

/// <summary>
/// Decodes image files to what Pillow's <c>ImageOps.exif_transpose(image).convert("RGB")</c> gives: upright by EXIF, alpha dropped
/// rather than composited, colour profiles not applied, the first frame of an animation. Equal to the byte for lossless 8-bit files.
/// 16 bits are rounded to 8, where Pillow cuts colours off (a difference of at most one) and turns all but the darkest grays white.
/// </summary>
internal static partial class ImageDecoder
{
    /// <summary>The longest side that is read.</summary>
    public const int MaxSidePixels = 16_384;

    /// <summary>The largest image that is read: a 108-megapixel camera's, three bytes each.</summary>
    public const long MaxPixels = 128 * 1024 * 1024;

    // Larger than any real image, so that our message can tell the size of one that is merely too large.
    private const int MaxHeaderSidePixels = 1_000_000;

    static ImageDecoder()
    {
        // For the whole process. Headers beyond these sides are refused before a decoder makes room for a single row;
        // the rest stands behind our own check, whatever a header said. Nothing is ever paged to the disk.
        ResourceLimits.Width = MaxHeaderSidePixels;
        ResourceLimits.Height = MaxHeaderSidePixels;
        ResourceLimits.Area = 2 * MaxPixels;
        ResourceLimits.Memory = 16 * MaxPixels;
        ResourceLimits.Disk = 0;
    }

    /// <summary>Decodes the file <paramref name="path"/>.</summary>
    /// <exception cref="TextualInversionException">It cannot be read, is no image, is damaged, truncated or too large.</exception>
    public static RgbImage Decode(string path) => Decode(path, ReadBytes(path));

    /// <summary>Decodes <paramref name="file"/>, the content of <paramref name="path"/>, which messages name.</summary>
    /// <exception cref="TextualInversionException">It is no image, is damaged, truncated or too large.</exception>
    public static RgbImage Decode(string path, byte[] file) =>
        Decode(path, file, image => new RgbImage(ToRgb(image), (int)image.Width, (int)image.Height));

    /// <summary>How opaque each pixel is, as a gray image, upright too; null where the file has no alpha channel.</summary>
    /// <exception cref="TextualInversionException">It is no image, is damaged, truncated or too large.</exception>
    internal static RgbImage? DecodeAlpha(string path, byte[] file) =>
        Decode(
            path,
            file,
            image =>
            {
                if (!image.HasAlpha)
                    return null;
                using var pixels = image.GetPixels();
                return new RgbImage(pixels.ToByteArray("AAA")!, (int)image.Width, (int)image.Height);
            }
        );

    private static T Decode<T>(string path, byte[] file, Func<MagickImage, T> take)
    {
        if (ImageFormats.Recognise(file) is not { } format)
            throw new TextualInversionException(
                $"{path}: is not an image that can be read; images are {ImageFormats.Names}."
            );
        // Forced, so that neither the name nor the content chooses another decoder.
        var settings = new MagickReadSettings
        {
            Format = format,
            FrameIndex = 0,
            FrameCount = 1,
        };
        try
        {
            using var image = new MagickImage();
            image.Ping(file, settings);
            RefuseTooLarge(path, image.Width, image.Height);
            // Decoders fill what is missing with gray and only warn. Other warnings are about metadata, which is not used.
            image.Warning += (_, warning) =>
            {
                if (warning.Exception is MagickCorruptImageWarningException && !IsPadding(file, warning.Exception))
                    throw Damaged(path, warning.Exception);
            };
            if (format == MagickFormat.WebP)
                RefuseShortRiff(path, file);
            image.Read(file, settings);
            image.AutoOrient();
            return take(image);
        }
        catch (MagickException error)
        {
            throw Damaged(path, error);
        }
    }

    /// <summary>Whether an image's EXIF data say that it lies on its side, on its head or mirrored, which is put right when it is decoded.</summary>
    /// <exception cref="TextualInversionException">It cannot be read, is no image or is damaged.</exception>
    public static bool IsTurned(string path) =>
        ReadExif(path, ReadBytes(path))?.GetValue(ExifTag.Orientation)?.Value > 1;

    /// <summary>The EXIF data of a file; null where it has none.</summary>
    /// <exception cref="TextualInversionException">It is no image or is damaged.</exception>
    internal static IExifProfile? ReadExif(string path, byte[] file)
    {
        if (ImageFormats.Recognise(file) is not { } format)
            throw new TextualInversionException(
                $"{path}: is not an image that can be read; images are {ImageFormats.Names}."
            );
        try
        {
            var settings = new MagickReadSettings
            {
                Format = format,
                FrameIndex = 0,
                FrameCount = 1,
            };
            using var image = new MagickImage();
            image.Ping(file, settings);
            RefuseTooLarge(path, image.Width, image.Height);
            if (format == MagickFormat.WebP)
                image.Read(file, settings); // a look at a WebP's header does not give it
            return image.GetExifProfile();
        }
        catch (MagickException error)
        {
            throw Damaged(path, error);
        }
    }

    /// <summary>The whole file, read once for decoding and hashing.</summary>
    internal static byte[] ReadBytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TextualInversionException($"{path}: cannot be read ({error.Message.TrimEnd('.')}).", error);
        }
    }

    // Some cameras write zeros between a JPEG's pixels and its end marker. libjpeg has the same words for pixels that ended too early.
    private static bool IsPadding(ReadOnlySpan<byte> file, MagickException warning)
    {
        var end = file.LastIndexOf<byte>([0xFF, 0xD9]);
        return end > 0
            && ExtraneousBytes().Match(warning.Message) is { Success: true } match
            && int.TryParse(match.Groups[1].Value, out var count)
            && count <= end
            && !file[(end - count)..end].ContainsAnyExcept((byte)0);
    }

    [GeneratedRegex("([0-9]+) extraneous bytes before marker 0xd9")]
    private static partial Regex ExtraneousBytes();

    private static void RefuseTooLarge(string path, long widthPixels, long heightPixels)
    {
        if (widthPixels > MaxSidePixels || heightPixels > MaxSidePixels || widthPixels * heightPixels > MaxPixels)
        {
            throw new TextualInversionException(
                $"{path}: {widthPixels:N0} x {heightPixels:N0} pixels are too many; "
                    + $"make it smaller: at most {MaxSidePixels:N0} a side and {MaxPixels / 1_000_000} million in all."
            );
        }
    }

    /// <summary>What comes behind a WebP's pixels is not missed by its decoder, and there is the orientation.</summary>
    private static void RefuseShortRiff(string path, ReadOnlySpan<byte> file)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(file[4..]) > file.Length - 8)
            throw new TextualInversionException(DamageMessage(path, "it is shorter than its header says"));
    }

    private static byte[] ToRgb(MagickImage image)
    {
        var space = image.ColorSpace;
        if (
            space
            is not (ColorSpace.sRGB or ColorSpace.RGB or ColorSpace.Gray or ColorSpace.LinearGray or ColorSpace.CMYK)
        )
            image.ColorSpace = ColorSpace.sRGB; // Lab and the like, which Pillow refuses
        using var pixels = image.GetPixels();
        return space == ColorSpace.CMYK
            ? FromCmyk(pixels.ToByteArray(PixelMapping.CMYK)!)
            : pixels.ToByteArray(PixelMapping.RGB)!;
    }

    /// <summary>Ink without a profile: (1 - C)(1 - K), in Pillow's integer arithmetic.</summary>
    private static byte[] FromCmyk(ReadOnlySpan<byte> cmyk)
    {
        var rgb = new byte[cmyk.Length / 4 * 3];
        for (int from = 0, to = 0; from < cmyk.Length; from += 4, to += 3)
        {
            var paper = 255 - cmyk[from + 3];
            for (var channel = 0; channel < 3; channel++)
            {
                var product = cmyk[from + channel] * paper + 128;
                rgb[to + channel] = (byte)(paper - ((product + (product >> 8)) >> 8)); // product / 255, rounded
            }
        }

        return rgb;
    }

    /// <summary>The decoder's words without the place in its source.</summary>
    private static TextualInversionException Damaged(string path, MagickException error) =>
        new(DamageMessage(path, error.Message.Split(['`', '@', '\n'])[0].Trim()), error);

    private static string DamageMessage(string path, string why) =>
        $"{path}: is damaged or truncated ({why}); copy or save it anew, or leave it out.";
}
