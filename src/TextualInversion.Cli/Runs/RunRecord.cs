using System.Text.Json;
using System.Text.Json.Serialization;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.IO;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training;
using TextualInversion.Training.Initializers;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Runs;

/// <summary>
/// <c>run.json</c>: everything that is needed to understand and repeat a run. This type both writes and reads it.
/// </summary>
internal sealed record RunRecord
{
    public required TrainSummary Result { get; init; }

    public required TrainingEnd End { get; init; }

    /// <summary>The arguments that repeat the run, after <c>ti</c>.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary><see cref="TrainOptions"/> by name. A run of another version may have other names.</summary>
    public required IReadOnlyDictionary<string, JsonElement> Options { get; init; }

    public required RunInitializer Initializer { get; init; }

    public required IReadOnlyList<RunImage> Images { get; init; }

    /// <summary>Norm, drift and nearest words of each vector of the saved embedding.</summary>
    public IReadOnlyList<LearnedRow> Rows { get; init; } = [];

    /// <summary>The norms of each text encoder's vocabulary.</summary>
    public IReadOnlyList<NormRange> VocabularyNorms { get; init; } = [];

    /// <summary>
    /// The SHA-256 of each network's values before and after the run, as they were used: with the LoRAs merged into
    /// them.
    /// </summary>
    public required IReadOnlyDictionary<string, FrozenHash> FrozenWeights { get; init; }

    /// <summary>The LoRAs that were part of the frozen model. Null without any.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RunLora>? Loras { get; init; }

    public required string Device { get; init; }

    public required string Precision { get; init; }

    public bool GradientCheckpointing { get; init; }

    /// <summary>
    /// The number of threads. The same seed gives the same bytes only with the same number of threads.
    /// </summary>
    public int? Threads { get; init; }

    /// <summary>The step after which the run was extended beyond its first length, or null if it was not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ExtendedAfterStep { get; init; }

    public IReadOnlyDictionary<string, string> Versions { get; init; } = new Dictionary<string, string>();

    /// <param name="folder">The run's folder, such as <c>runs/my-cat</c>.</param>
    /// <exception cref="TextualInversionException">
    /// It is not a run's folder, or the record cannot be read; the message names the key that is wrong.
    /// </exception>
    public static RunRecord Read(string folder)
    {
        var path = RunFolder.RecordIn(folder);
        if (!Path.Exists(path))
            throw new TextualInversionException(
                File.Exists(RunFolder.StateIn(folder))
                    ? $"{folder}: has no run.json, since the run is not finished; resume it with ti train --resume "
                        + $"{ShellCommand.Quote(folder)}."
                    : $"{folder}: has no run.json; name the folder of a run, such as runs/my-cat."
            );
        SpecialFile.Refuse(path);
        try
        {
            // The key's name in runs of earlier versions; in a text of JSON, quotes are escaped.
            var text = File.ReadAllText(path)
                .Replace("\"baseWeights\":", "\"frozenWeights\":", StringComparison.Ordinal);
            var record = JsonOutput.Deserialize<RunRecord>(text);
            RequirePath("result.embedding", record.Result.Embedding);
            if (record.Images.Count == 0)
                throw new JsonException("images is empty");
            foreach (var (index, image) in record.Images.Index())
                RequirePath($"images[{index}].path", image.Path);
            return record;
        }
        catch (JsonException error)
        {
            throw new TextualInversionException(
                $"{path}: {error.Message}; restore it from a copy, or train again.",
                error
            );
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(path, error);
        }
    }

    private static void RequirePath(string key, string path)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw new JsonException($"{key} is empty");
        if (path.Contains('\0'))
            throw new JsonException($"{key} holds a character of code 0, which no path may have");
    }

    /// <param name="folder">The run's folder.</param>
    /// <exception cref="TextualInversionException">The record cannot be written.</exception>
    public void Write(string folder) =>
        AtomicFile.WriteText(RunFolder.RecordIn(folder), overwrite: true, JsonOutput.Serialize(this) + "\n");
}

/// <summary>A LoRA that was part of the frozen model.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Strength">Its strength in the U-Net.</param>
/// <param name="TextStrength">Its strength in the text encoders.</param>
/// <param name="Sha256">The SHA-256 of the file.</param>
internal sealed record RunLora(string Path, double Strength, double TextStrength, string Sha256)
{
    public static RunLora Of(Lora lora, string sha256) => new(lora.Path, lora.Strength, lora.TextStrength, sha256);
}

/// <summary>What training started from: words or an embedding.</summary>
/// <param name="Phrase">The words, or null if it was an embedding.</param>
/// <param name="Tokens">The tokens of the words.</param>
/// <param name="Found">The phrase that a search found, or null if there was no search.</param>
/// <param name="File">The embedding file, or null if it was words.</param>
/// <param name="Sha256">The SHA-256 of that file.</param>
internal sealed record RunInitializer(
    string? Phrase = null,
    IReadOnlyList<string>? Tokens = null,
    FoundPhrase? Found = null,
    string? File = null,
    string? Sha256 = null
);

/// <summary>A training image.</summary>
/// <param name="Path">The path from the folder in which the training was started.</param>
/// <param name="Sha256">The SHA-256 of the file.</param>
/// <param name="Width">The width of the upright image, in pixels.</param>
/// <param name="Height">The height of the upright image, in pixels.</param>
/// <param name="Prompt">Its caption with the placeholder token, or null if the templates were used.</param>
/// <param name="HeldOut">Whether it was held out of training.</param>
internal sealed record RunImage(
    string Path,
    string Sha256,
    int Width,
    int Height,
    string? Prompt = null,
    bool HeldOut = false
)
{
    /// <summary>The width in training, in pixels. 0 in records of other versions.</summary>
    public int LearnedWidth { get; init; }

    /// <summary>The height in training, in pixels. 0 in records of other versions.</summary>
    public int LearnedHeight { get; init; }

    /// <summary>Its repeats, relative to the other images.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>The file of its loss mask, or null if there is none.</summary>
    public string? Mask { get; init; }

    public string? MaskSha256 { get; init; }
}
