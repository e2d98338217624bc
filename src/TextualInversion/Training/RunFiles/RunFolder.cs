using System.Globalization;
using TextualInversion.IO;

namespace TextualInversion.Training.RunFiles;

/// <summary>
/// The folder of one run, such as <c>runs/my-cat/</c>. If the run fails before <see cref="Keep"/>, every folder that it
/// created is removed.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    private const string SeedPrefix = "seed-";
    private const string LockName = ".lock";
    private static readonly string[] StepFiles = ["step-*.safetensors", "step-*.png"];
    private const string LastRowsOfWords = "last-*.safetensors";

    private readonly string? created; // the outermost folder that this run created, or null
    private FileStream? heldLock; // see Lock
    private bool isKept;

    /// <exception cref="TextualInversionException">
    /// The folder exists and may not be replaced, cannot be written, holds something else in the place of a file or
    /// folder of a run, or another training writes there.
    /// </exception>
    public RunFolder(string path, bool overwrite)
    {
        FolderPath = path;
        if (!overwrite && HasFiles(path))
            throw new TextualInversionException($"{path}: holds another run; choose another folder, or replace it.");
        created = FirstMissing(Path.GetFullPath(path));
        // Fails now rather than after the training. The files of an earlier run are replaced one by one, at the end.
        try
        {
            RequireFree();
            AtomicFile.RequireWritable(path);
            Directory.CreateDirectory(path);
        }
        catch (TextualInversionException)
        {
            Dispose();
            throw;
        }

        heldLock = Lock(path);
    }

    public string FolderPath { get; }

    public string MetricsPath => MetricsIn(FolderPath);

    /// <summary>See <see cref="EventFile"/>.</summary>
    public string EventsPath => Path.Combine(FolderPath, "events.out.tfevents.ti");

    /// <summary>The report of the run.</summary>
    public string ReportPath => ReportIn(FolderPath);

    /// <summary>See <see cref="TrainState"/>.</summary>
    public string StatePath => StateIn(FolderPath);

    /// <summary>The phrase that a search found.</summary>
    public string FoundPhrasePath => FoundPhraseIn(FolderPath);

    /// <summary>The embedding after the last step.</summary>
    public string LastRowsPath => LastRowsPathOf(word: null);

    /// <summary>The embedding after the last step of one of several words, or of the only one (null).</summary>
    /// <param name="word">The name of the word's files.</param>
    public string LastRowsPathOf(string? word) => Path.Combine(FolderPath, $"last{Suffix(word)}.safetensors");

    /// <summary>See <see cref="TrainState"/>.</summary>
    public static string StateIn(string folder) => Path.Combine(folder, "state.safetensors");

    /// <summary>The folder of one seed's run, if the run has several seeds.</summary>
    public static string SeedIn(string folder, ulong seed) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{SeedPrefix}{seed}"));

    /// <summary>Finds the state of a run or, if the run has several seeds, that of any of them.</summary>
    /// <returns>
    /// The path, and whether the run has several seeds. If there is no state, the path for a single run.
    /// </returns>
    public static (string Path, bool OfSeeds) StateToResume(string folder)
    {
        if (File.Exists(StateIn(folder)) || !Directory.Exists(folder))
            return (StateIn(folder), false);
        var states = FolderListing.Folders(folder, SeedPrefix + "*").Select(StateIn).Where(File.Exists).ToList();
        return states.Count == 0 ? (StateIn(folder), false) : (states[0], true);
    }

    /// <summary>See <see cref="WriteRecord"/>.</summary>
    public static string RecordIn(string folder) => Path.Combine(folder, "run.json");

    /// <summary>See <see cref="FoundPhrasePath"/>.</summary>
    public static string FoundPhraseIn(string folder) => Path.Combine(folder, "initializer.json");

    /// <summary>The folder of the embeddings saved during training.</summary>
    public static string CheckpointsIn(string folder) => Path.Combine(folder, "checkpoints");

    /// <summary>See <see cref="MetricsTable"/>.</summary>
    public static string MetricsIn(string folder) => Path.Combine(folder, "metrics.csv");

    /// <summary>See <see cref="ReportPath"/>.</summary>
    public static string ReportIn(string folder) => Path.Combine(folder, "report.html");

    /// <summary>The folder of the images generated during training.</summary>
    public static string SamplesIn(string folder) => Path.Combine(folder, "samples");

    /// <summary>An image generated during training.</summary>
    /// <param name="step">The step after which it was generated, 0 for the initial embedding.</param>
    /// <param name="number">The image's number, counted from 1.</param>
    public string SamplePath(int step, int number) =>
        Path.Combine(
            SamplesIn(FolderPath),
            string.Create(CultureInfo.InvariantCulture, $"step-{step:D6}-{number}.png")
        );

    /// <summary>The embedding that generated the images of a step.</summary>
    /// <param name="step">The steps done.</param>
    /// <param name="word">The name of a word's files, if several words are learned together.</param>
    public string SampleRowsPath(int step, string? word = null) =>
        Path.Combine(SamplesIn(FolderPath), StepRows(step, word));

    /// <summary>The embedding saved after a step.</summary>
    /// <param name="step">The steps done.</param>
    /// <param name="word">The name of a word's files, if several words are learned together.</param>
    public string CheckpointPath(int step, string? word = null) =>
        Path.Combine(CheckpointsIn(FolderPath), StepRows(step, word));

    /// <summary>
    /// Deletes the checkpoints and seed folders of an earlier run, which would be mistaken for those of this one.
    /// </summary>
    public void DeleteCheckpoints()
    {
        foreach (var seed in FolderListing.Folders(FolderPath, SeedPrefix + "*").Where(IsOfSeed))
            Guard(seed, () => Directory.Delete(seed, recursive: true));
        DeleteSteps(CheckpointsIn(FolderPath));
        foreach (var file in FolderListing.Files(FolderPath, LastRowsOfWords))
            Guard(file, () => File.Delete(file));
    }

    /// <summary>Deletes the images that an earlier run generated during training.</summary>
    public void DeleteSamples() => DeleteSteps(SamplesIn(FolderPath));

    /// <summary>
    /// Deletes the files of an earlier run that a run with several seeds does not have, or that would be mistaken for
    /// its own.
    /// </summary>
    public void DeleteRun()
    {
        DeleteCheckpoints();
        foreach (var file in new[] { StatePath, MetricsPath, LastRowsPath })
            Guard(file, () => File.Delete(file));
    }

    /// <summary>Whether the folder and what is in it remain if the run fails now.</summary>
    public bool Remains => isKept || created is null;

    /// <summary>Keeps the folder even if the run fails later.</summary>
    public void Keep() => isKept = true;

    /// <summary>Writes <c>run.json</c>: everything needed to understand and repeat the run.</summary>
    /// <exception cref="TextualInversionException">The file cannot be written.</exception>
    public void WriteRecord(string json) => AtomicFile.WriteText(RecordIn(FolderPath), overwrite: true, json + "\n");

    /// <summary>Whether a folder contains anything, such as an earlier run.</summary>
    public static bool HasFiles(string folder) =>
        Directory.Exists(folder)
        && FolderListing
            .Files(folder)
            .Concat(FolderListing.Folders(folder))
            .Any(entry => Path.GetFileName(entry) != LockName);

    /// <summary>Whether a training writes to a folder now.</summary>
    public static bool IsInUse(string folder)
    {
        try
        {
            using var probe = new FileStream(
                Path.Combine(folder, LockName),
                FileMode.Open,
                FileAccess.ReadWrite,
                FileShare.None
            );
            return false;
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            return IoErrors.IsHeld(error);
        }
    }

    /// <summary>
    /// Removes the folders that this run created unless they are kept: its own, and those above it that are empty.
    /// Another run may have started in one of them in the meantime.
    /// </summary>
    public void Dispose()
    {
        heldLock?.Dispose();
        heldLock = null;
        if (Remains)
            return;
        try
        {
            DeleteCreated(created!);
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            // What failed before is the error to report.
        }
    }

    private void DeleteCreated(string outermost)
    {
        if (Directory.Exists(FolderPath))
            Directory.Delete(FolderPath, recursive: true);
        var above = Path.GetDirectoryName(Path.GetFullPath(FolderPath));
        while (above is not null && above.Length >= outermost.Length && IsEmptyFolder(above))
        {
            Directory.Delete(above);
            above = Path.GetDirectoryName(above);
        }
    }

    /// <summary>Refuses folders in the places of the run's files, and files in those of its folders.</summary>
    private void RequireFree()
    {
        string[] files = [RecordIn(FolderPath), MetricsPath, EventsPath, ReportPath, StatePath, LastRowsPath];
        foreach (var file in files.Append(FoundPhrasePath))
            AtomicFile.RefuseToReplace(file, overwrite: true);
        foreach (var folder in new[] { CheckpointsIn(FolderPath), SamplesIn(FolderPath) }.Where(File.Exists))
            throw new TextualInversionException($"{folder}: is a file, and the run needs a folder of that name.");
    }

    /// <summary>
    /// Locks the folder, so that no other training writes there. The lock ends with the process.
    /// </summary>
    private static FileStream Lock(string folder)
    {
        try
        {
            var path = Path.Combine(folder, LockName);
            return new FileStream(
                path,
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None,
                bufferSize: 1,
                FileOptions.DeleteOnClose
            );
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.IsHeld(error)
                ? new TextualInversionException(
                    $"{folder}: another training writes there; wait until it ends, or choose another name.",
                    error
                )
                : IoErrors.Wrap(folder, "written to", error);
        }
    }

    private static string StepRows(int step, string? word) =>
        string.Create(CultureInfo.InvariantCulture, $"step-{step:D6}{Suffix(word)}.safetensors");

    private static string Suffix(string? word) => word is null ? "" : $"-{word}";

    private static bool IsEmptyFolder(string path) =>
        Directory.Exists(path) && !Directory.EnumerateFileSystemEntries(path).Any();

    private static void DeleteSteps(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var file in StepFiles.SelectMany(pattern => FolderListing.Files(folder, pattern)))
            Guard(file, () => File.Delete(file));
    }

    /// <summary>Whether a folder is one of <see cref="SeedIn"/>, and not one that a person called alike.</summary>
    private static bool IsOfSeed(string folder) =>
        ulong.TryParse(Path.GetFileName(folder)[SeedPrefix.Length..], CultureInfo.InvariantCulture, out _);

    private static void Guard(string path, Action delete)
    {
        try
        {
            delete();
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Wrap(path, "deleted", error, hint: "choose another name");
        }
    }

    private static string? FirstMissing(string path)
    {
        string? missing = null;
        for (var folder = path; folder is not null && !Directory.Exists(folder); folder = Path.GetDirectoryName(folder))
            missing = folder;
        return missing;
    }
}
