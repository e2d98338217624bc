using ImageMagick;
using TextualInversion.Data;

namespace TextualInversion.Cli.Html;

/// <summary>A small image inside a page.</summary>
internal static class Thumbnail
{
    private const int Quality = 85;

    /// <summary>The image as a <c>data:</c> URL.</summary>
    /// <param name="image">An image of any size.</param>
    /// <param name="sidePixels">The longest side, in pixels. Smaller images keep their size.</param>
    public static string DataUri(RgbImage image, int sidePixels)
    {
        var scale = Math.Min(1, (double)sidePixels / Math.Max(image.WidthPixels, image.HeightPixels));
        var width = Math.Max(1, (int)(image.WidthPixels * scale));
        var height = Math.Max(1, (int)(image.HeightPixels * scale));
        var small = BicubicResize.Resize(image, width, height);
        using var encoded = new MagickImage();
        encoded.ReadPixels(
            small.Pixels,
            new PixelReadSettings((uint)width, (uint)height, StorageType.Char, PixelMapping.RGB)
        );
        encoded.Quality = Quality;
        return "data:image/jpeg;base64," + Convert.ToBase64String(encoded.ToByteArray(MagickFormat.Jpeg));
    }
}
