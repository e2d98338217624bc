using ImageMagick;
using TextualInversion.Data;

namespace TextualInversion.Tests.Fixtures;

/// <summary>PNG files made in a test.</summary>
internal static class PngFile
{
    /// <param name="widthPixels">of the image</param>
    /// <param name="heightPixels">of the image</param>
    /// <param name="pixel">from x and y to red, green, blue and alpha</param>
    public static byte[] Make(int widthPixels, int heightPixels, Func<int, int, byte[]> pixel)
    {
        var bytes = (
            from y in Enumerable.Range(0, heightPixels)
            from x in Enumerable.Range(0, widthPixels)
            select pixel(x, y)
        )
            .SelectMany(each => each)
            .ToArray();
        using var image = new MagickImage(
            bytes,
            new PixelReadSettings((uint)widthPixels, (uint)heightPixels, StorageType.Char, "RGBA")
        );
        return image.ToByteArray(MagickFormat.Png32);
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
