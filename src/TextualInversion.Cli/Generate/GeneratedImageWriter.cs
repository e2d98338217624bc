using TextualInversion.Data;
using TextualInversion.Generation;

namespace TextualInversion.Cli.Generate;

/// <summary>Writes each image as it is made, and in the end the grid of all of them.</summary>
/// <param name="plan">The images that are to be made.</param>
/// <param name="paths">The files to write.</param>
/// <param name="hasGrid">Whether to write a grid.</param>
/// <param name="describe">Gives the settings to write into an image.</param>
internal sealed class GeneratedImageWriter(
    ImagePlan plan,
    ImagePaths paths,
    bool hasGrid,
    Func<ImageJob, string> describe
)
{
    private readonly List<RgbImage> inGrid = [];
    private readonly List<(string Path, ulong Seed)> written = [];

    /// <summary>The images' files; empty where only the grid is wanted.</summary>
    public IReadOnlyList<(string Path, ulong Seed)> Written => written;

    /// <summary>Images that were made, written or not.</summary>
    public int Count { get; private set; }

    /// <summary>The grid's file, once it is written.</summary>
    public string? Grid { get; private set; }

    /// <exception cref="TextualInversionException">It cannot be written.</exception>
    public void Add(ImageJob job, RgbImage image)
    {
        if (hasGrid)
            inGrid.Add(image);
        if (!paths.IsFile || !hasGrid)
            written.Add((paths.Write(image, describe(job)), job.Seed));
        Count++;
    }

    /// <summary>
    /// Writes the grid, if one is wanted and there are images for it: fewer than planned after Ctrl-C.
    /// </summary>
    /// <exception cref="TextualInversionException">It cannot be written.</exception>
    public void Finish()
    {
        if (inGrid.Count == 0)
            return;
        var rest = new Queue<RgbImage>(inGrid);
        var rows = plan
            .Rows.Select(row => row.Take(rest.Count).Select(_ => rest.Dequeue()).ToList())
            .Where(row => row.Count > 0)
            .ToList();
        Grid = paths.WriteGrid(
            ImageGrid.Compose(rows, plan.ColumnLabels, [.. plan.RowLabels.Take(rows.Count)]),
            describe(plan.Jobs[0])
        );
    }
}
