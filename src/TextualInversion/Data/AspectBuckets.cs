namespace TextualInversion.Data;

/// <summary>
/// Sizes of nearly one area and different shapes, so that images are learned without losing their edges: as in kohya's
/// scripts
/// (https://github.com/kohya-ss/sd-scripts, <c>make_bucket_resolutions</c>) sides in steps of 64 pixels, from half to
/// twice the resolution.
/// </summary>
internal static class AspectBuckets
{
    private const int Cell = 8; // pixels along the side of a latent cell
    private const int LargestStep = 64,
        StepsPerSide = 8;

    /// <summary>
    /// All sizes, the square first. None has more pixels than a square of the resolution, so none takes more memory.
    /// Where the resolution is small the
    /// steps are an eighth of it, in whole latent cells: the shapes are as many then.
    /// </summary>
    /// <param name="resolution">a positive multiple of 8, in pixels</param>
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
    /// The size whose shape is nearest, by the ratio of the two shapes; of equally near ones the largest.
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
