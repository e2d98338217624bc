namespace TextualInversion.Models;

/// <summary>
/// What Stable Diffusion XL is told of an image's size and place (Podell et al. 2023, section 2.2), so that small and badly cropped
/// images teach it what they look like rather than how all images look. All in pixels.
/// </summary>
/// <param name="OriginalHeight">before resizing</param>
/// <param name="OriginalWidth">before resizing</param>
/// <param name="CropTop">what is cut off above, at the resized image's scale</param>
/// <param name="CropLeft">what is cut off on the left, at the resized image's scale</param>
/// <param name="TargetHeight">of the image as the model sees it</param>
/// <param name="TargetWidth">of the image as the model sees it</param>
internal sealed record SizeConditioning(
    int OriginalHeight,
    int OriginalWidth,
    int CropTop,
    int CropLeft,
    int TargetHeight,
    int TargetWidth
)
{
    /// <summary>How many numbers it is.</summary>
    internal const int Length = 6;

    /// <summary>In diffusers' order of <c>time_ids</c>.</summary>
    internal float[] Values => [OriginalHeight, OriginalWidth, CropTop, CropLeft, TargetHeight, TargetWidth];

    /// <summary>An image that was neither resized nor cropped.</summary>
    public static SizeConditioning Whole(int heightPixels, int widthPixels) =>
        new(heightPixels, widthPixels, 0, 0, heightPixels, widthPixels);

    /// <summary>The largest square around the centre, resized to <paramref name="side"/>.</summary>
    public static SizeConditioning CenterCrop(int heightPixels, int widthPixels, int side)
    {
        var shorter = Math.Min(heightPixels, widthPixels);
        int Cut(int length) => (int)((long)(length - shorter) / 2 * side / shorter);
        return new SizeConditioning(heightPixels, widthPixels, Cut(heightPixels), Cut(widthPixels), side, side);
    }

    /// <summary>The whole image, resized to a square whatever its shape.</summary>
    public static SizeConditioning Squash(int heightPixels, int widthPixels, int side) =>
        new(heightPixels, widthPixels, 0, 0, side, side);
}
