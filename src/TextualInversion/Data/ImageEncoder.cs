using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.PixelFormats;
using SharpImage = SixLabors.ImageSharp.Image;

namespace TextualInversion.Data;

/// <summary>Encodes images without metadata. The same pixels give the same bytes.</summary>
internal static class ImageEncoder
{
    /// <summary>Encodes as a PNG with 8 bits per channel, without date or palette.</summary>
    public static byte[] ToPng(RgbImage image) =>
        Encode(
            image,
            new PngEncoder
            {
                ColorType = PngColorType.Rgb,
                BitDepth = PngBitDepth.Bit8,
                ChunkFilter = PngChunkFilter.ExcludeAll,
            }
        );

    /// <summary>Encodes as a JPEG.</summary>
    /// <param name="image">The image, up to 65,535 pixels a side.</param>
    /// <param name="quality">From 1 to 100.</param>
    /// <param name="halvesColor">
    /// Whether color has half the resolution of brightness, which makes smaller files. Default: false.
    /// </param>
    public static byte[] ToJpeg(RgbImage image, int quality, bool halvesColor = false) =>
        Encode(
            image,
            new JpegEncoder
            {
                Quality = quality,
                ColorType = halvesColor ? JpegColorType.YCbCrRatio420 : JpegColorType.YCbCrRatio444,
            }
        );

    /// <summary>Encodes as a lossy WebP.</summary>
    /// <param name="image">The image, up to 16,383 pixels a side.</param>
    /// <param name="quality">From 1 to 100.</param>
    public static byte[] ToWebP(RgbImage image, int quality) =>
        Encode(image, new WebpEncoder { FileFormat = WebpFileFormatType.Lossy, Quality = quality });

    private static byte[] Encode(RgbImage image, IImageEncoder encoder)
    {
        using var pixels = SharpImage.LoadPixelData<Rgb24>(image.Pixels, image.WidthPixels, image.HeightPixels);
        using var file = new MemoryStream();
        pixels.Save(file, encoder);
        return file.ToArray();
    }
}
