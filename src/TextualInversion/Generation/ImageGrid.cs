using ImageMagick;
using ImageMagick.Drawing;
using TextualInversion.Data;

namespace TextualInversion.Generation;

/// <summary>Images side by side, with labels above the columns and on the left of the rows.</summary>
internal static class ImageGrid
{
    private const int Gap = 4;
    private const double FontShare = 0.075; // of an image's width
    private const int SmallestFont = 9,
        LargestFont = 28;

    // The decoder library brings its own fontconfig, which looks for the system's settings elsewhere.
    static ImageGrid()
    {
        const string Settings = "/etc/fonts";
        if (Directory.Exists(Settings))
            MagickNET.SetEnvironmentVariable("FONTCONFIG_PATH", Settings);
    }

    /// <summary>Whether labels can be drawn: the system has a font.</summary>
    public static bool CanLabel => MagickNET.FontFamilies.Count > 0;

    /// <param name="rows">at least one row of at least one image, all of one size; the last row may be shorter</param>
    /// <param name="columnLabels">one a column, or none; or one an image where there are more than columns</param>
    /// <param name="rowLabels">one a row, or none</param>
    public static RgbImage Compose(
        IReadOnlyList<IReadOnlyList<RgbImage>> rows,
        IReadOnlyList<string> columnLabels,
        IReadOnlyList<string> rowLabels
    )
    {
        int width = rows.Max(row => row.Max(image => image.WidthPixels)),
            height = rows.Max(row => row.Max(image => image.HeightPixels));
        var font = Math.Clamp((int)(width * FontShare), SmallestFont, LargestFont);
        var top = columnLabels.Count > 0 ? 2 * font : Gap;
        var left = rowLabels.Count > 0 ? Gap + (int)(font * 0.62 * rowLabels.Max(label => label.Length)) + Gap : Gap;
        var columns = rows.Max(row => row.Count);
        var isLabelled = columnLabels.Count > columns; // every image
        int Left(int x) => left + x * (width + Gap);
        int Top(int y) => top + y * (height + (isLabelled ? top : Gap));
        int totalWidth = Left(columns),
            totalHeight = Top(rows.Count - 1) + height + Gap;
        using var sheet = new MagickImage(MagickColors.White, (uint)totalWidth, (uint)totalHeight);
        for (var y = 0; y < rows.Count; y++)
        {
            for (var x = 0; x < rows[y].Count; x++)
                Paste(sheet, rows[y][x], Left(x), Top(y));
        }

        // There are fewer images than planned after Ctrl-C.
        var shown = isLabelled ? Math.Min(columnLabels.Count, rows.Sum(row => row.Count)) : columnLabels.Count;
        for (var i = 0; i < shown; i++)
            Write(
                sheet,
                columnLabels[i],
                Left(i % columns) + width / 2,
                Top(i / columns) - font * 0.6,
                font,
                TextAlignment.Center
            );
        for (var y = 0; y < rowLabels.Count; y++)
            Write(sheet, rowLabels[y], left - Gap, Top(y) + height / 2.0 + font * 0.35, font, TextAlignment.Right);
        using var pixels = sheet.GetPixels();
        return new RgbImage(pixels.ToByteArray(PixelMapping.RGB)!, totalWidth, totalHeight);
    }

    private static void Paste(MagickImage sheet, RgbImage image, int x, int y)
    {
        using var pasted = new MagickImage();
        pasted.ReadPixels(
            image.Pixels,
            new PixelReadSettings((uint)image.WidthPixels, (uint)image.HeightPixels, StorageType.Char, PixelMapping.RGB)
        );
        sheet.Composite(pasted, x, y, CompositeOperator.Over);
    }

    private static void Write(MagickImage sheet, string text, double x, double y, int size, TextAlignment alignment)
    {
        if (!CanLabel)
            return;
        // Magick expands % in texts.
        new Drawables()
            .Font(
                MagickNET.FontFamilies.FirstOrDefault(family => family.Contains("Sans", StringComparison.Ordinal))
                    ?? MagickNET.FontFamilies[0]
            )
            .FontPointSize(size)
            .FillColor(MagickColors.Black)
            .TextAlignment(alignment)
            .Text(x, y, text.Replace("%", "%%", StringComparison.Ordinal))
            .Draw(sheet);
    }
}
