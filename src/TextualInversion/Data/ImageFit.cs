namespace TextualInversion.Data;

/// <summary>Brings an image, and its mask, to the size of training.</summary>
internal static class ImageFit
{
    /// <summary>The size at which an image is trained.</summary>
    public static (int WidthPixels, int HeightPixels) Target(RgbImage image, CropMode crop, int resolution) =>
        crop switch
        {
            CropMode.Center or CropMode.Squash => (resolution, resolution),
            CropMode.Bucket => AspectBuckets.Nearest(image.WidthPixels, image.HeightPixels, resolution),
            _ => throw new ArgumentOutOfRangeException(nameof(crop), crop, null),
        };

    /// <summary>Crops and resizes an image.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <param name="crop">How to crop it.</param>
    /// <param name="target">The size; see <see cref="Target"/>.</param>
    public static RgbImage Apply(RgbImage image, CropMode crop, (int WidthPixels, int HeightPixels) target)
    {
        switch (crop)
        {
            case CropMode.Center:
                return BicubicResize.Resize(image.CropCenter(), target.WidthPixels, target.HeightPixels);
            case CropMode.Squash:
                return BicubicResize.Resize(image, target.WidthPixels, target.HeightPixels);
            case CropMode.Bucket:
                var (width, height) = Covering(image.WidthPixels, image.HeightPixels, target);
                return BicubicResize.Resize(image, width, height).CropCenter(target.WidthPixels, target.HeightPixels);
            default:
                throw new ArgumentOutOfRangeException(nameof(crop), crop, null);
        }
    }

    /// <summary>The smallest size with the given aspect ratio that covers the target.</summary>
    public static (int WidthPixels, int HeightPixels) Covering(
        int widthPixels,
        int heightPixels,
        (int WidthPixels, int HeightPixels) target
    ) =>
        (long)widthPixels * target.HeightPixels > (long)heightPixels * target.WidthPixels
            ? (Round((long)widthPixels * target.HeightPixels, heightPixels), target.HeightPixels)
            : (target.WidthPixels, Round((long)heightPixels * target.WidthPixels, widthPixels));

    private static int Round(long dividend, int divisor) => (int)((2 * dividend + divisor) / (2L * divisor));
}
