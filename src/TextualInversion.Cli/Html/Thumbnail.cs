using ImageMagick;
using TextualInversion.Data;

namespace TextualInversion.Cli.Html;

/// <summary>A small image inside a page.</summary>
internal static class Thumbnail
{
    private const int Quality = 85;

    /// <summary>As a <c>data:</c> address.</summary>
    /// <param name="image">of any size</param>
    /// <param name="sidePixels">of the longer side, at most</param>
    public static string DataUri(RgbImage image, int sidePixels)
    {
        var scale = Math.Min(1, (double)sidePixels / Math.Max(image.WidthPixels, image.HeightPixels));
        var small = BicubicResize.Resize(
            image,
            Math.Max(1, (int)(image.WidthPixels * scale)),
            Math.Max(1, (int)(image.HeightPixels * scale))
        );
        using var encoded = new MagickImage();
        encoded.ReadPixels(
            small.Pixels,
            new PixelReadSettings((uint)small.WidthPixels, (uint)small.HeightPixels, StorageType.Char, PixelMapping.RGB)
        );
        encoded.Quality = Quality;
        return "data:image/jpeg;base64," + Convert.ToBase64String(encoded.ToByteArray(MagickFormat.Jpeg));
    }
}
