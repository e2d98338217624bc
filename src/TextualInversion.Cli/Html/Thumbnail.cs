using TextualInversion.Data;

namespace TextualInversion.Cli.Html;

/// <summary>A small image inside a page.</summary>
internal static class Thumbnail
{
    private const int Quality = 85;

    /// <summary>A small copy of an image as a <c>data:</c> address.</summary>
    /// <param name="image">Any size.</param>
    /// <param name="sidePixels">The longer side of the copy, in pixels. Smaller images are not enlarged.</param>
    public static string DataUri(RgbImage image, int sidePixels)
    {
        var scale = Math.Min(1, (double)sidePixels / Math.Max(image.WidthPixels, image.HeightPixels));
        var small = BicubicResize.Resize(
            image,
            Math.Max(1, (int)(image.WidthPixels * scale)),
            Math.Max(1, (int)(image.HeightPixels * scale))
        );
        var jpeg = ImageEncoder.ToJpeg(small, Quality, halvesColor: true);
        return "data:image/jpeg;base64," + Convert.ToBase64String(jpeg);
    }
}
