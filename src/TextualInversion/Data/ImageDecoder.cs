using System.Runtime.InteropServices;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Advanced;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Tiff;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.Memory;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;
using TextualInversion.IO;
using SharpImage = SixLabors.ImageSharp.Image;

namespace TextualInversion.Data;

/// <summary>
/// Decodes image files as Pillow's <c>ImageOps.exif_transpose(image).convert("RGB")</c> does: turned upright by EXIF,
/// alpha dropped rather than composited, the first frame of an animation. Lossless files with 8 bits per channel are
/// equal byte for byte, and so is lossy WebP; 16 bits are rounded to 8. JPEG may differ by the rounding of its
/// transform, and where the hue changes by more if the file has fewer colors than pixels (4:2:0): Pillow interpolates
/// them, this repeats them. Unlike in Pillow, colors of profiles other than sRGB are converted if
/// <see cref="SrgbConversion"/> can.
/// </summary>
internal static class ImageDecoder
{
    /// <summary>The longest side that is accepted, in pixels.</summary>
    public const int MaxSidePixels = 16_384;

    /// <summary>The largest number of pixels that is accepted, that of a 108-megapixel camera.</summary>
    public const long MaxPixels = 128 * 1024 * 1024;

    // A buffer of the decoder holds at most the pixels of the largest image, four bytes each, and a few extra rows.
    private const int MaxBufferMegabytes = (int)(MaxPixels * 4 >> 20) + 64;
    private const int PooledMegabytes = 32;

    private static readonly Configuration Configuration = Configure();

    /// <summary>Decodes the file <paramref name="path"/>.</summary>
    /// <exception cref="TextualInversionException">
    /// It cannot be read, is not an image, is damaged, truncated or too large.
    /// </exception>
    public static RgbImage Decode(string path) => Decode(path, ReadBytes(path));

    /// <summary>Decodes <paramref name="file"/>, the content of <paramref name="path"/>, which messages name.</summary>
    /// <exception cref="TextualInversionException">It is not an image, is damaged, truncated or too large.</exception>
    public static RgbImage Decode(string path, byte[] file) => DecodeAll(path, file).Rgb;

    /// <summary>Decodes <paramref name="file"/> with its alpha channel and metadata.</summary>
    /// <exception cref="TextualInversionException">It is not an image, is damaged, truncated or too large.</exception>
    public static DecodedImage DecodeAll(string path, byte[] file)
    {
        var format = Recognize(path, file);
        try
        {
            // The structure first: the decoders never return for some damaged files.
            var metadata = EmbeddedMetadata.Read(format, file);
            if (format == ImageFormat.Tiff)
                TiffHeader.CheckKind(file);
            var content = FirstFrame(format, file);
            CheckSize(path, content);
            CheckPixels(format, content);
            // JPEG has no alpha channel, and camera images are large.
            return format == ImageFormat.Jpeg
                ? Decode<Rgb24>(content, metadata, _ => null)
                : Decode<Rgba32>(content, metadata, image => AlphaOf(image, HasAlphaChannel(format, file)));
        }
        catch (Exception error) when (error is not TextualInversionException)
        {
            // On damaged files the decoders throw whatever their indexing and arithmetic throw.
            throw Damaged(path, error);
        }
    }

    /// <summary>
    /// The EXIF data of a file from the byte order mark on; empty if it has none. The pixels are not decoded.
    /// </summary>
    /// <exception cref="TextualInversionException">It is not an image or is truncated.</exception>
    internal static ReadOnlyMemory<byte> ReadExif(string path, byte[] file)
    {
        try
        {
            return EmbeddedMetadata.Read(Recognize(path, file), file).Exif;
        }
        catch (InvalidDataException error)
        {
            throw Damaged(path, error);
        }
    }

    /// <summary>The whole file, read once for decoding and hashing.</summary>
    /// <exception cref="TextualInversionException">It cannot be read, or is not a regular file.</exception>
    internal static byte[] ReadBytes(string path)
    {
        try
        {
            if (SpecialFile.Describe(path) is { } special)
                throw new TextualInversionException($"{path}: is {special}, not a file; name an image file.");
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(path, error);
        }
    }

    /// <summary>
    /// Settings for the decoders: recognized formats only, one frame, no texts, and a limit on buffers.
    /// </summary>
    private static Configuration Configure()
    {
        var configuration = new Configuration(
            new JpegConfigurationModule(),
            new PngConfigurationModule(),
            new WebpConfigurationModule(),
            new GifConfigurationModule(),
            new BmpConfigurationModule(),
            new TiffConfigurationModule()
        )
        {
            MemoryAllocator = MemoryAllocator.Create(
                new MemoryAllocatorOptions
                {
                    AllocationLimitMegabytes = MaxBufferMegabytes,
                    MaximumPoolSizeMegabytes = PooledMegabytes,
                }
            ),
        };
        // Compressed texts in a PNG could be of any size.
        configuration.ImageFormatsManager.SetDecoder(PngFormat.Instance, new PngDecoder { IgnoreMetadata = true });
        configuration.ImageFormatsManager.SetDecoder(
            GifFormat.Instance,
            new GifDecoder { DecodingMode = FrameDecodingMode.First, IgnoreMetadata = true }
        );
        configuration.ImageFormatsManager.SetDecoder(
            TiffFormat.Instance,
            new TiffDecoder { DecodingMode = FrameDecodingMode.First, IgnoreMetadata = true }
        );
        return configuration;
    }

    private static ImageFormat Recognize(string path, byte[] file)
    {
        var head = file.AsSpan(0, Math.Min(file.Length, UnreadableFile.HeadBytes));
        return UnreadableFile.Describe(head) is { } why
            ? throw new TextualInversionException($"{path}: {why}; images are {ImageFormats.Names}.")
            : ImageFormats.Recognize(head)!.Value;
    }

    private static void CheckSize(string path, byte[] file)
    {
        var header =
            SharpImage.Identify(Configuration, file, out _) ?? throw new InvalidDataException("it has no header");
        var (width, height) = (header.Width, header.Height);
        if (width > MaxSidePixels || height > MaxSidePixels || (long)width * height > MaxPixels)
        {
            throw new TextualInversionException(
                $"{path}: {width:N0} x {height:N0} pixels are too many; "
                    + $"make it smaller: at most {MaxSidePixels:N0} a side and {MaxPixels / 1_000_000} million in all."
            );
        }
    }

    private static byte[] FirstFrame(ImageFormat format, byte[] file) =>
        format switch
        {
            ImageFormat.Gif => GifBlocks.FirstFrame(file),
            ImageFormat.WebP => RiffChunks.FirstFrame(file),
            _ => file,
        };

    /// <summary>Refuses files with too few pixels; the decoders make the others up.</summary>
    private static void CheckPixels(ImageFormat format, byte[] file)
    {
        if (format == ImageFormat.Png)
            PngChunks.CheckPixels(file);
        else if (format == ImageFormat.Bmp)
            BmpHeader.CheckPixels(file);
        else if (format == ImageFormat.WebP)
            WebPHeader.CheckPixels(file);
    }

    private static DecodedImage Decode<TPixel>(
        byte[] file,
        EmbeddedMetadata metadata,
        Func<Image<TPixel>, RgbImage?> takeAlpha
    )
        where TPixel : unmanaged, IPixel<TPixel>
    {
        using var image = SharpImage.Load<TPixel>(Configuration, file);
        var (rotate, flip) = Upright(metadata.Orientation);
        image.Mutate(context => context.RotateFlip(rotate, flip));
        var rgb = RgbOf(image);
        var profile = IccProfile.NameUnlessSrgb(metadata.IccProfile.Span);
        if (profile is not null && SrgbConversion.From(metadata.IccProfile.Span) is { } conversion)
        {
            conversion.Apply(rgb.Pixels);
            profile = null;
        }

        return new DecodedImage(rgb, takeAlpha(image), metadata.Orientation > 1, profile);
    }

    /// <summary>First the rotation, then the flip, for an EXIF orientation.</summary>
    private static (RotateMode Rotate, FlipMode Flip) Upright(int orientation) =>
        orientation switch
        {
            2 => (RotateMode.None, FlipMode.Horizontal),
            3 => (RotateMode.Rotate180, FlipMode.None),
            4 => (RotateMode.None, FlipMode.Vertical),
            5 => (RotateMode.Rotate90, FlipMode.Horizontal),
            6 => (RotateMode.Rotate90, FlipMode.None),
            7 => (RotateMode.Rotate270, FlipMode.Horizontal),
            8 => (RotateMode.Rotate270, FlipMode.None),
            _ => (RotateMode.None, FlipMode.None),
        };

    private static RgbImage RgbOf<TPixel>(Image<TPixel> image)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        var pixels = new byte[image.Width * image.Height * 3];
        var target = MemoryMarshal.Cast<byte, Rgb24>(pixels.AsSpan());
        for (var y = 0; y < image.Height; y++)
        {
            var row = image.DangerousGetPixelRowMemory(y).Span;
            PixelOperations<TPixel>.Instance.ToRgb24(Configuration, row, target.Slice(y * image.Width, image.Width));
        }

        return new RgbImage(pixels, image.Width, image.Height);
    }

    private static RgbImage? AlphaOf(Image<Rgba32> image, bool hasChannel)
    {
        if (!hasChannel && IsOpaque(image))
            return null;
        var pixels = new byte[image.Width * image.Height * 3];
        for (var y = 0; y < image.Height; y++)
        {
            var row = image.DangerousGetPixelRowMemory(y).Span;
            for (var x = 0; x < row.Length; x++)
                pixels.AsSpan((y * row.Length + x) * 3, 3).Fill(row[x].A);
        }

        return new RgbImage(pixels, image.Width, image.Height);
    }

    private static bool IsOpaque(Image<Rgba32> image)
    {
        for (var y = 0; y < image.Height; y++)
        {
            foreach (var pixel in image.DangerousGetPixelRowMemory(y).Span)
            {
                if (pixel.A != byte.MaxValue)
                    return false;
            }
        }

        return true;
    }

    /// <summary>Whether a file has an alpha channel, even if it is opaque everywhere.</summary>
    private static bool HasAlphaChannel(ImageFormat format, byte[] file)
    {
        const int ColorType = 25; // in the header of a PNG: 4 is gray with alpha, 6 is RGB with alpha
        return format switch
        {
            ImageFormat.Png => file[ColorType] is 4 or 6,
            ImageFormat.Tiff => SharpImage.Identify(Configuration, file, out _).PixelType.BitsPerPixel == 32,
            _ => false,
        };
    }

    private static TextualInversionException Damaged(string path, Exception error)
    {
        var why = error is InvalidDataException or ImageFormatException or NotSupportedException
            ? error.Message.Split('\n')[0].TrimEnd('.', ' ', '\r')
            : "its content does not fit its header";
        return error.InnerException is NotSupportedException || error is NotSupportedException
            ? new TextualInversionException(
                $"{path}: is of a kind that cannot be read ({why}); save it as PNG or JPEG.",
                error
            )
            : new TextualInversionException(
                $"{path}: is damaged or truncated ({why}); copy or save it anew, or leave it out.",
                error
            );
    }
}
