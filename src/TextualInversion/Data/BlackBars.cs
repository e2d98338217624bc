namespace TextualInversion.Data;

/// <summary>Black bars on two opposite sides of an image, as in a letterboxed film.</summary>
/// <param name="First">The width of the bar at the top or on the left, in pixels.</param>
/// <param name="Last">The width of the bar at the bottom or on the right, in pixels.</param>
/// <param name="AreColumns">Whether the bars are on the left and the right.</param>
internal sealed record BlackBars(int First, int Last, bool AreColumns)
{
    private const byte Black = 24; // compression leaves black below this value
    private const double LeastBar = 0.02, // of the side
        DarkLine = 0.99, // of the pixels of a line in a bar
        BrightLine = 0.5; // of the pixels of the first line after a bar: dark subjects fade in, bars end abruptly
    private const int Blur = 2; // lines that resizing may have mixed between a bar and the image

    /// <summary>The bars, or null if the image has none.</summary>
    public static BlackBars? Find(RgbImage image) => Find(image, areColumns: false) ?? Find(image, areColumns: true);

    private static BlackBars? Find(RgbImage image, bool areColumns)
    {
        var lines = BrightShares(image, areColumns);
        var first = Length(lines);
        var last = Length(lines.Reverse());
        var least = Math.Max(1, lines.Length * LeastBar);
        return first >= least && last >= least ? new BlackBars(first, last, areColumns) : null;
    }

    /// <summary>
    /// The number of lines from the first one on that form a bar; 0 if they do not end abruptly, as a bar does.
    /// </summary>
    private static int Length(IEnumerable<double> brightShares)
    {
        var lines = brightShares.ToList();
        var dark = lines.TakeWhile(share => share <= 1 - DarkLine).Count();
        return dark + Blur < lines.Count && lines[dark + Blur] >= BrightLine ? dark : 0;
    }

    /// <summary>The share of pixels in each row or column that are not black.</summary>
    private static double[] BrightShares(RgbImage image, bool areColumns)
    {
        var (width, height) = (image.WidthPixels, image.HeightPixels);
        var counts = new int[areColumns ? width : height];
        for (var i = 0; i < width * height; i++)
        {
            if (image.Pixels.AsSpan(i * 3, 3).ContainsAnyExceptInRange((byte)0, Black))
                counts[areColumns ? i % width : i / width]++;
        }

        return [.. counts.Select(count => count / (double)(areColumns ? height : width))];
    }
}
