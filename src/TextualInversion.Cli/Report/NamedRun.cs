using System.Globalization;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Runs;
using TextualInversion.IO;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Report;

/// <summary>A run on a page with others.</summary>
/// <param name="Name">The name on the page.</param>
/// <param name="Folder">The run's folder.</param>
/// <param name="Log">What the run left.</param>
internal sealed record NamedRun(string Name, string Folder, RunLog Log)
{
    private const string SeedPrefix = "seed-";

    /// <summary>Reads runs, each named by its folder, or by its path if two folders have the same name.</summary>
    /// <param name="folders">
    /// The runs' folders. Of a run of several seeds, the seed with the lowest validation loss is read.
    /// </param>
    /// <exception cref="TextualInversionException">
    /// A folder does not hold a run, or a file is missing or damaged.
    /// </exception>
    public static IReadOnlyList<NamedRun> ReadAll(IEnumerable<string> folders)
    {
        var runs = folders.Select(Read).ToList();
        var areUnique = runs.Select(run => run.Name).Distinct().Count() == runs.Count;
        return areUnique ? runs : [.. runs.Select(run => run with { Name = JsonOutput.Relative(run.Folder) })];
    }

    /// <summary>
    /// The folders of the seeds of a run, in the order of the seeds; empty if the run is of one seed.
    /// </summary>
    public static IReadOnlyList<string> SeedsIn(string folder) =>
        !Directory.Exists(folder) || File.Exists(RunFolder.MetricsIn(folder))
            ? []
            :
            [
                .. FolderListing
                    .Folders(folder, SeedPrefix + "*")
                    .Where(seed => Path.Exists(RunFolder.RecordIn(seed)))
                    .OrderBy(seed => Path.GetFileName(seed).Length)
                    .ThenBy(seed => seed, StringComparer.Ordinal),
            ];

    private static NamedRun Read(string folder)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        var seeds = SeedsIn(folder);
        if (seeds.Count == 0)
            return new NamedRun(name, folder, RunLog.Read(folder));
        var best = RunRecord.Read(folder).Result.Seed;
        var label = string.Create(CultureInfo.InvariantCulture, $"{name} (seed {best}, best of {seeds.Count})");
        return new NamedRun(label, folder, RunLog.Read(RunFolder.SeedIn(folder, best)));
    }
}
