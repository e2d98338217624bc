using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.PixelFormats;
using SharpImage = SixLabors.ImageSharp.Image;

namespace TextualInversion.Data;

/// <summary>Images as files without any metadata. The same pixels give the same bytes.</summary>
internal static class ImageEncoder
{
    /// <summary>RGB of 8 bits; nothing but the pixels: no date, no palette.</summary>
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

    /// <param name="image">Any size up to 65,535 pixels a side.</param>
    /// <param name="quality">1 to 100.</param>
    /// <param name="halvesColor">Whether colors have half the resolution of brightness, which makes smaller
    /// files.</param>
    public static byte[] ToJpeg(RgbImage image, int quality, bool halvesColor = false) =>
        Encode(
            image,
            new JpegEncoder
            {
                Quality = quality,
                ColorType = halvesColor ? JpegColorType.YCbCrRatio420 : JpegColorType.YCbCrRatio444,
            }
        );

    /// <param name="image">Any size up to 16,383 pixels a side.</param>
    /// <param name="quality">1 to 100, lossy.</param>
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
