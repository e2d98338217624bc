using TextualInversion.Data;

namespace TextualInversion.Generation;

/// <summary>Composes images side by side, with labels above the columns and to the left of the rows.</summary>
internal static class ImageGrid
{
    private const int Gap = 4;
    private const double LetterShare = 0.06; // a letter's height relative to an image's width
    private const int MaxScale = 3;
    private const int MaxRowLabel = 2; // times an image's width

    /// <param name="rows">
    /// At least one row of at least one image, all of the same size. The last row may be shorter.
    /// </param>
    /// <param name="columnLabels">
    /// One for each column, or none; or one for each image if there are more labels than columns.
    /// </param>
    /// <param name="rowLabels">One for each row, or none.</param>
    public static RgbImage Compose(
        IReadOnlyList<IReadOnlyList<RgbImage>> rows,
        IReadOnlyList<string> columnLabels,
        IReadOnlyList<string> rowLabels
    )
    {
        int width = rows.Max(row => row.Max(image => image.WidthPixels)),
            height = rows.Max(row => row.Max(image => image.HeightPixels)),
            columns = rows.Max(row => row.Count);
        var scale = Math.Clamp((int)(width * LetterShare / LabelFont.HeightPixels), 1, MaxScale);
        var top = columnLabels.Count > 0 ? 2 * LabelFont.HeightPixels * scale : Gap;
        var left = rowLabels.Count > 0 ? RowLabelsWidth(rowLabels, width, scale) + 2 * Gap : Gap;
        var isEachLabeled = columnLabels.Count > columns;
        int Left(int x) => left + x * (width + Gap);
        int Top(int y) => top + y * (height + (isEachLabeled ? top : Gap));
        var grid = White(Left(columns), Top(rows.Count - 1) + height + Gap);

        for (var y = 0; y < rows.Count; y++)
        {
            for (var x = 0; x < rows[y].Count; x++)
                Paste(grid, rows[y][x], Left(x), Top(y));
        }

        // A canceled run may leave fewer images than labels.
        var shown = isEachLabeled ? Math.Min(columnLabels.Count, rows.Sum(row => row.Count)) : columnLabels.Count;
        for (var i = 0; i < shown; i++)
            WriteAbove(grid, columnLabels[i], Left(i % columns), Top(i / columns) - top, width, top, scale);
        for (var y = 0; y < rowLabels.Count; y++)
            WriteOnLeft(grid, rowLabels[y], left - Gap, Top(y) + height / 2, scale);
        return grid;
    }

    private static int RowLabelsWidth(IReadOnlyList<string> labels, int imageWidth, int scale) =>
        Math.Min(labels.Max(label => LabelFont.Measure(label, scale)), MaxRowLabel * imageWidth);

    /// <summary>
    /// Writes a label centered above an image, in smaller letters if it is too long, and cut if that is not enough.
    /// </summary>
    private static void WriteAbove(RgbImage grid, string label, int left, int top, int width, int height, int scale)
    {
        while (scale > 1 && LabelFont.Measure(label, scale) > width)
            scale--;
        var text = LabelFont.Cut(label, width + Gap, scale);
        var x = left + (width - LabelFont.Measure(text, scale)) / 2;
        LabelFont.Draw(grid, text, x, top + (height - LabelFont.HeightPixels * scale) / 2, scale);
    }

    private static void WriteOnLeft(RgbImage grid, string label, int right, int middle, int scale)
    {
        var text = LabelFont.Cut(label, right - Gap, scale);
        var x = right - LabelFont.Measure(text, scale);
        LabelFont.Draw(grid, text, x, middle - LabelFont.HeightPixels * scale / 2, scale);
    }

    private static RgbImage White(int widthPixels, int heightPixels)
    {
        var pixels = new byte[widthPixels * heightPixels * 3];
        Array.Fill(pixels, byte.MaxValue);
        return new RgbImage(pixels, widthPixels, heightPixels);
    }

    private static void Paste(RgbImage grid, RgbImage image, int left, int top)
    {
        var rowBytes = image.WidthPixels * 3;
        for (var y = 0; y < image.HeightPixels; y++)
        {
            image
                .Pixels.AsSpan(y * rowBytes, rowBytes)
                .CopyTo(grid.Pixels.AsSpan(((top + y) * grid.WidthPixels + left) * 3));
        }
    }
}
