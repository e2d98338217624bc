using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.IO;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Runs;

/// <summary><c>run.json</c> as it is read again; <see cref="Train.TrainRecord"/> writes it.</summary>
internal sealed record RunRecord
{
    public required TrainSummary Result { get; init; }

    public required TrainingEnd End { get; init; }

    /// <summary>What repeats the run, behind <c>ti</c>.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary><see cref="TrainOptions"/> by name, also those of other versions.</summary>
    public required IReadOnlyDictionary<string, JsonElement> Options { get; init; }

    public required RunInitializer Initializer { get; init; }

    public required IReadOnlyList<RunImage> Images { get; init; }

    public required IReadOnlyDictionary<string, FrozenHash> BaseWeights { get; init; }

    public required string Device { get; init; }

    public required string Precision { get; init; }

    public bool GradientCheckpointing { get; init; }

    public IReadOnlyDictionary<string, string> Versions { get; init; } = new Dictionary<string, string>();

    /// <summary>Those that were kept.</summary>
    public IReadOnlyList<LearnedRow> Rows { get; init; } = [];

    /// <summary>Of each text encoder.</summary>
    public IReadOnlyList<NormRange> VocabularyNorms { get; init; } = [];

    /// <param name="folder">such as <c>runs/my-cat</c></param>
    /// <exception cref="TextualInversionException">It is no run's folder, or its record cannot be read.</exception>
    public static RunRecord Read(string folder)
    {
        var path = RunFolder.RecordIn(folder);
        if (File.Exists(RunFolder.StateIn(folder)) && !File.Exists(path))
            throw new TextualInversionException(
                $"{folder}: has no run.json, since the run is not over; go on with it with ti train --resume {folder}."
            );
        if (!File.Exists(path))
            throw new TextualInversionException(
                $"{folder}: has no run.json; name the folder of a run, such as runs/my-cat."
            );
        try
        {
            return JsonOutput.Deserialize<RunRecord>(File.ReadAllText(path));
        }
        catch (JsonException error)
        {
            throw new TextualInversionException(
                $"{path}: is no record of a run, or is not whole; take another copy of it, or train again.",
                error
            );
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(path, error);
        }
    }
}

/// <summary>What the rows started from.</summary>
/// <param name="Phrase">words; null where it was a file</param>
/// <param name="File">an embedding; null where it was the words</param>
internal sealed record RunInitializer(string? Phrase, string? File);

/// <summary>A given image.</summary>
/// <param name="Path">seen from where the training was started</param>
/// <param name="Sha256">of the file</param>
/// <param name="Width">in pixels, as is the next</param>
/// <param name="Height">of the upright image</param>
/// <param name="Prompt">its description; null where the templates were used</param>
/// <param name="HeldOut">whether it was not learned from</param>
internal sealed record RunImage(
    string Path,
    string Sha256,
    int Width,
    int Height,
    string? Prompt,
    bool HeldOut = false
);
