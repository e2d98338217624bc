using TextualInversion.Cli.Terminal;
using TextualInversion.Data;
using TextualInversion.Generation;

namespace TextualInversion.Cli.Generate;

/// <summary>Takes images as they are made: each is written at once, and in the end the sheet of all that there are.</summary>
/// <param name="plan">what was to be made</param>
/// <param name="paths">where to</param>
/// <param name="hasSheet">whether there is to be a sheet</param>
/// <param name="describe">the settings to put into an image</param>
internal sealed class GeneratedImageWriter(
    ImagePlan plan,
    ImagePaths paths,
    bool hasSheet,
    Func<ImageJob, string> describe
)
{
    private readonly List<RgbImage> onSheet = [];
    private readonly List<(string Path, ulong Seed)> written = [];

    /// <summary>The images' files; none where the sheet alone is wanted.</summary>
    public IReadOnlyList<(string Path, ulong Seed)> Written => written;

    /// <summary>Images that were made, written or not.</summary>
    public int Count { get; private set; }

    /// <summary>The sheet's file, once it is written.</summary>
    public string? Sheet { get; private set; }

    /// <exception cref="TextualInversionException">It cannot be written.</exception>
    public void Add(ImageJob job, RgbImage image)
    {
        if (hasSheet)
            onSheet.Add(image);
        if (!paths.IsFile || !hasSheet)
            written.Add((paths.Write(image, describe(job)), job.Seed));
        Count++;
    }

    /// <summary>Writes the sheet, if there is to be one and there are images for it: fewer than planned after Ctrl-C.</summary>
    /// <exception cref="TextualInversionException">It cannot be written.</exception>
    public void Finish(ConsoleLog messages)
    {
        if (onSheet.Count == 0)
            return;
        if (!ImageGrid.CanLabel && plan.ColumnLabels.Count + plan.RowLabels.Count > 0)
            messages.Warn("the sheet has no labels, since this system has no fonts; install some, such as DejaVu.");
        var rest = new Queue<RgbImage>(onSheet);
        var rows = plan
            .Rows.Select(row => row.Take(rest.Count).Select(_ => rest.Dequeue()).ToList())
            .Where(row => row.Count > 0)
            .ToList();
        Sheet = paths.WriteGrid(
            ImageGrid.Compose(rows, plan.ColumnLabels, [.. plan.RowLabels.Take(rows.Count)]),
            describe(plan.Jobs[0])
        );
    }
}
