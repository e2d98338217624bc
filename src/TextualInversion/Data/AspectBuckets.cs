namespace TextualInversion.Data;

/// <summary>
/// Image sizes of nearly the same area and different aspect ratios, so that images need not be cropped to squares. As
/// in kohya's scripts (https://github.com/kohya-ss/sd-scripts, <c>make_bucket_resolutions</c>), sides are multiples of
/// 64 pixels, from half to twice the resolution.
/// </summary>
internal static class AspectBuckets
{
    private const int Cell = 8; // pixels along the side of a latent cell
    private const int LargestStep = 64,
        StepsPerSide = 8;

    /// <summary>
    /// All sizes, the square first. None has more pixels than the square, so none takes more memory. At small
    /// resolutions the multiples are an eighth of the resolution, in whole latent cells, so that the number of sizes
    /// stays about the same.
    /// </summary>
    /// <param name="resolution">The side of the square in pixels, a positive multiple of 8.</param>
    public static IReadOnlyList<(int WidthPixels, int HeightPixels)> Of(int resolution)
    {
        var step = Math.Clamp(resolution / StepsPerSide / Cell * Cell, Cell, LargestStep);
        var sizes = new List<(int, int)> { (resolution, resolution) };
        for (var width = step; width <= 2 * resolution; width += step)
        {
            var height = Math.Min(resolution * resolution / width / step * step, 2 * resolution);
            if (Math.Min(width, height) * 2 >= resolution)
                sizes.AddRange([(width, height), (height, width)]);
        }

        return [.. sizes.Distinct()];
    }

    /// <summary>
    /// The size with the nearest aspect ratio, measured by the quotient of the two ratios; the largest if several are
    /// equally near.
    /// </summary>
    public static (int WidthPixels, int HeightPixels) Nearest(int widthPixels, int heightPixels, int resolution)
    {
        var shape = Math.Log((double)widthPixels / heightPixels);
        return Of(resolution)
            .OrderBy(size => Math.Round(Math.Abs(Math.Log((double)size.WidthPixels / size.HeightPixels) - shape), 12))
            .ThenByDescending(size => size.WidthPixels * size.HeightPixels)
            .First();
    }
}
