using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Hub;
using TextualInversion.IO;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Doctor;

/// <summary>What interrupted commands left: partial downloads, runs, temporary files.</summary>
internal static class LeftoverCheck
{
    private const string Subject = "leftovers";

    /// <param name="cache">The cache of models.</param>
    /// <param name="folder">The folder that holds <c>runs/</c> and so on; empty for the current one.</param>
    /// <param name="found">Receives what is found.</param>
    public static void Run(HubCache cache, string folder, Diagnoses found)
    {
        try
        {
            List<string> warnings =
            [
                .. Downloads(cache),
                .. InterruptedRuns(Path.Combine(folder, "runs")),
                .. TemporaryFiles(folder),
            ];
            foreach (var warning in warnings)
                found.Warn(Subject, warning);
            if (warnings.Count == 0)
                found.Ok(Subject, "none of interrupted commands");
        }
        catch (TextualInversionException problem)
        {
            found.Warn(Subject, problem.Message);
        }
    }

    private static IEnumerable<string> Downloads(HubCache cache) =>
        cache
            .Partials()
            .Select(partial =>
                $"{ByteSize.Format(partial.Bytes)} of an interrupted download of {partial.Model}; "
                + $"`ti models get {partial.Model}` continues it, or delete "
                + Path.Combine(partial.Folder, "*.incomplete")
            );

    private static IEnumerable<string> InterruptedRuns(string runs) =>
        (Directory.Exists(runs) ? FolderListing.Folders(runs) : [])
            .Where(run => File.Exists(RunFolder.StateToResume(run).Path) && !File.Exists(RunFolder.RecordIn(run)))
            .Where(run => !RunFolder.IsInUse(run))
            .Select(run => $"{run} was interrupted; `ti train --resume {ShellCommand.Quote(run)}` continues it");

    private static IEnumerable<string> TemporaryFiles(string folder) =>
        new[] { EmbeddingSet.Folder, "pictures" }
            .Select(name => Path.Combine(folder, name))
            .Where(Directory.Exists)
            .SelectMany(each => FolderListing.Files(each, ".*.tmp"))
            .Select(file => $"{file} was not written to its end; delete it");
}
