using ImageMagick;
using TextualInversion.Data;

namespace TextualInversion.Cli.Html;

/// <summary>A small picture inside a page.</summary>
internal static class Thumbnail
{
    private const int Quality = 85;

    /// <summary>As a <c>data:</c> address.</summary>
    /// <param name="picture">of any size</param>
    /// <param name="sidePixels">of the longer side, at most</param>
    public static string DataUri(RgbPicture picture, int sidePixels)
    {
        var scale = Math.Min(1, (double)sidePixels / Math.Max(picture.WidthPixels, picture.HeightPixels));
        var small = BicubicResize.Resize(
            picture,
            Math.Max(1, (int)(picture.WidthPixels * scale)),
            Math.Max(1, (int)(picture.HeightPixels * scale))
        );
        using var image = new MagickImage();
        image.ReadPixels(
            small.Pixels,
            new PixelReadSettings((uint)small.WidthPixels, (uint)small.HeightPixels, StorageType.Char, PixelMapping.RGB)
        );
        image.Quality = Quality;
        return "data:image/jpeg;base64," + Convert.ToBase64String(image.ToByteArray(MagickFormat.Jpeg));
    }
}
