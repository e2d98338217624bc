namespace TextualInversion.Models;

/// <summary>
/// The conditioning of Stable Diffusion XL on an image's size and crop (Podell et al. 2023, section 2.2): so the model
/// learns that small or badly cropped images look different, instead of generating such images. All values in pixels.
/// </summary>
/// <param name="OriginalHeight">The height before resizing.</param>
/// <param name="OriginalWidth">The width before resizing.</param>
/// <param name="CropTop">The height cut off above, at the resized image's scale.</param>
/// <param name="CropLeft">The width cut off on the left, at the resized image's scale.</param>
/// <param name="TargetHeight">The height of the image as the model sees it.</param>
/// <param name="TargetWidth">The width of the image as the model sees it.</param>
internal sealed record SizeConditioning(
    int OriginalHeight,
    int OriginalWidth,
    int CropTop,
    int CropLeft,
    int TargetHeight,
    int TargetWidth
)
{
    /// <summary>The number of values.</summary>
    internal const int Length = 6;

    /// <summary>The values in diffusers' order of <c>time_ids</c>.</summary>
    internal float[] Values => [OriginalHeight, OriginalWidth, CropTop, CropLeft, TargetHeight, TargetWidth];

    /// <summary>An image that was neither resized nor cropped.</summary>
    public static SizeConditioning Whole(int heightPixels, int widthPixels) =>
        new(heightPixels, widthPixels, 0, 0, heightPixels, widthPixels);

    /// <summary>The largest square around the center, resized to <paramref name="side"/>.</summary>
    public static SizeConditioning CenterCrop(int heightPixels, int widthPixels, int side)
    {
        var shorter = Math.Min(heightPixels, widthPixels);
        int Cut(int length) => (int)((long)(length - shorter) / 2 * side / shorter);
        return new SizeConditioning(heightPixels, widthPixels, Cut(heightPixels), Cut(widthPixels), side, side);
    }

    /// <summary>The whole image, resized to a square of any aspect ratio.</summary>
    public static SizeConditioning Squash(int heightPixels, int widthPixels, int side) =>
        new(heightPixels, widthPixels, 0, 0, side, side);
}
