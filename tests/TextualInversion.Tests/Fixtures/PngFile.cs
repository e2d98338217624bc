using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.PixelFormats;
using TextualInversion.Data;
using SharpImage = SixLabors.ImageSharp.Image;

namespace TextualInversion.Tests.Fixtures;

/// <summary>Makes PNG files.</summary>
internal static class PngFile
{
    /// <param name="pixel">From x and y to red, green, blue and alpha.</param>
    /// <param name="widthPixels">The width in pixels.</param>
    /// <param name="heightPixels">The height in pixels.</param>
    public static byte[] Make(int widthPixels, int heightPixels, Func<int, int, byte[]> pixel)
    {
        var bytes = (
            from y in Enumerable.Range(0, heightPixels)
            from x in Enumerable.Range(0, widthPixels)
            select pixel(x, y)
        )
            .SelectMany(each => each)
            .ToArray();
        using var image = SharpImage.LoadPixelData<Rgba32>(bytes, widthPixels, heightPixels);
        using var file = new MemoryStream();
        image.Save(
            file,
            new PngEncoder
            {
                ColorType = PngColorType.RgbWithAlpha,
                TransparentColorMode = PngTransparentColorMode.Preserve,
            }
        );
        return file.ToArray();
    }

    /// <summary>A gray image.</summary>
    public static byte[] Gray(int widthPixels, int heightPixels, Func<int, int, byte> gray) =>
        Make(widthPixels, heightPixels, (x, y) => [gray(x, y), gray(x, y), gray(x, y), 255]);

    public static byte[] Of(RgbImage image) =>
        Make(
            image.WidthPixels,
            image.HeightPixels,
            (x, y) => [.. image.Pixels.AsSpan((y * image.WidthPixels + x) * 3, 3), 255]
        );
}
