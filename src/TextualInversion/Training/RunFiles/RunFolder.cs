using System.Globalization;
using TextualInversion.IO;

namespace TextualInversion.Training.RunFiles;

/// <summary>
/// The folder of one run, <c>runs/my-cat/</c>. What fails before <see cref="Keep"/> leaves nothing behind that was not
/// there before.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    private const string SeedPrefix = "seed-";
    private static readonly string[] StepFiles = ["step-*.safetensors", "step-*.png"];

    private readonly string? created; // the outermost folder that this run made
    private bool isKept;

    /// <exception cref="TextualInversionException">The folder exists and may not be replaced, or cannot be
    /// written.</exception>
    public RunFolder(string path, bool overwrite)
    {
        FolderPath = path;
        if (!overwrite && HasFiles(path))
            throw new TextualInversionException($"{path}: holds another run; choose another folder, or replace it.");
        created = FirstMissing(Path.GetFullPath(path));
        // Better now than after the training. What an earlier run left is replaced file by file, at the end.
        try
        {
            AtomicFile.RequireWritable(path);
            Directory.CreateDirectory(path);
        }
        catch (TextualInversionException)
        {
            Dispose();
            throw;
        }
    }

    public string FolderPath { get; }

    public string MetricsPath => MetricsIn(FolderPath);

    /// <summary>See <see cref="EventFile"/>.</summary>
    public string EventsPath => Path.Combine(FolderPath, "events.out.tfevents.ti");

    /// <summary>The page that shows the run.</summary>
    public string ReportPath => ReportIn(FolderPath);

    /// <summary>See <see cref="TrainState"/>.</summary>
    public string StatePath => StateIn(FolderPath);

    /// <summary>The words that were looked for to start from.</summary>
    public string FoundWordsPath => Path.Combine(FolderPath, "initializer.json");

    /// <summary>The embedding as it was after the last step, where another one was the best.</summary>
    public string LastRowsPath => Path.Combine(FolderPath, "last.safetensors");

    /// <summary>See <see cref="TrainState"/>.</summary>
    public static string StateIn(string folder) => Path.Combine(folder, "state.safetensors");

    /// <summary>The run of one of several seeds.</summary>
    public static string SeedIn(string folder, ulong seed) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{SeedPrefix}{seed}"));

    /// <summary>The state of a run or, where it was of several seeds, of one of them.</summary>
    /// <returns>the path, and whether it is of several seeds; the path of a single run where there is none</returns>
    public static (string Path, bool OfSeeds) StateToResume(string folder)
    {
        if (File.Exists(StateIn(folder)) || !Directory.Exists(folder))
            return (StateIn(folder), false);
        var states = Directory
            .EnumerateDirectories(folder, SeedPrefix + "*")
            .Select(StateIn)
            .Where(File.Exists)
            .Order(StringComparer.Ordinal)
            .ToList();
        return states.Count == 0 ? (StateIn(folder), false) : (states[0], true);
    }

    /// <summary>See <see cref="WriteRecord"/>.</summary>
    public static string RecordIn(string folder) => Path.Combine(folder, "run.json");

    /// <summary>Where the embeddings of the steps on the way are.</summary>
    public static string CheckpointsIn(string folder) => Path.Combine(folder, "checkpoints");

    /// <summary>See <see cref="MetricsTable"/>.</summary>
    public static string MetricsIn(string folder) => Path.Combine(folder, "metrics.csv");

    /// <summary>See <see cref="ReportPath"/>.</summary>
    public static string ReportIn(string folder) => Path.Combine(folder, "report.html");

    /// <summary>Where the images are that were generated during training.</summary>
    public static string SamplesIn(string folder) => Path.Combine(folder, "samples");

    /// <summary>An image that was generated after a step.</summary>
    /// <param name="step">0 for before the first</param>
    /// <param name="number">of the image, counted from 1</param>
    public string SamplePath(int step, int number) =>
        Path.Combine(
            SamplesIn(FolderPath),
            string.Create(CultureInfo.InvariantCulture, $"step-{step:D6}-{number}.png")
        );

    /// <summary>The embedding with which the images of a step were generated.</summary>
    public string SampleRowsPath(int step) =>
        Path.Combine(SamplesIn(FolderPath), string.Create(CultureInfo.InvariantCulture, $"step-{step:D6}.safetensors"));

    /// <summary>The embedding as it was after a step on the way.</summary>
    public string CheckpointPath(int step) =>
        Path.Combine(
            CheckpointsIn(FolderPath),
            string.Create(CultureInfo.InvariantCulture, $"step-{step:D6}.safetensors")
        );

    /// <summary>
    /// Deletes the checkpoints of an earlier run and its runs of several seeds, with which those of this one would be
    /// confused.
    /// </summary>
    public void DeleteCheckpoints()
    {
        foreach (var seed in Directory.EnumerateDirectories(FolderPath, SeedPrefix + "*"))
            Directory.Delete(seed, recursive: true);
        DeleteSteps(CheckpointsIn(FolderPath));
    }

    /// <summary>The same for the images.</summary>
    public void DeleteSamples() => DeleteSteps(SamplesIn(FolderPath));

    /// <summary>
    /// Deletes what an earlier run left that one of several seeds has no place for, or that would be confused with it.
    /// </summary>
    public void DeleteRun()
    {
        DeleteCheckpoints();
        foreach (var file in new[] { StatePath, MetricsPath, LastRowsPath })
            File.Delete(file);
    }

    /// <summary>The folder stays, whatever happens from here on.</summary>
    public void Keep() => isKept = true;

    /// <summary>Writes <c>run.json</c>: everything that is needed to understand and repeat the run.</summary>
    /// <exception cref="TextualInversionException">It cannot be written.</exception>
    public void WriteRecord(string json) => AtomicFile.WriteText(RecordIn(FolderPath), overwrite: true, json + "\n");

    /// <summary>Whether a folder holds anything, such as an earlier run.</summary>
    public static bool HasFiles(string folder) =>
        Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any();

    /// <summary>
    /// Removes what this run made unless it is kept: its own folder, and those above it where nothing else is in them.
    /// Another run may have begun there in the meantime.
    /// </summary>
    public void Dispose()
    {
        if (isKept || created is null)
            return;
        if (Directory.Exists(FolderPath))
            Directory.Delete(FolderPath, recursive: true);
        var above = Path.GetDirectoryName(Path.GetFullPath(FolderPath));
        while (above is not null && above.Length >= created.Length && IsEmptyFolder(above))
        {
            Directory.Delete(above);
            above = Path.GetDirectoryName(above);
        }
    }

    private static bool IsEmptyFolder(string path) =>
        Directory.Exists(path) && !Directory.EnumerateFileSystemEntries(path).Any();

    private static void DeleteSteps(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var file in StepFiles.SelectMany(pattern => Directory.EnumerateFiles(folder, pattern)))
            File.Delete(file);
    }

    private static string? FirstMissing(string path)
    {
        string? missing = null;
        for (var folder = path; folder is not null && !Directory.Exists(folder); folder = Path.GetDirectoryName(folder))
            missing = folder;
        return missing;
    }
}
