using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TextualInversion.Cli.Commands;
using TextualInversion.Data;
using TextualInversion.Models;
using TextualInversion.Training;

namespace TextualInversion.Cli;

/// <summary>What a run of <c>ti train</c> is about, once everything was found and read.</summary>
internal sealed record TrainSetup
{
    public required string ModelName { get; init; }

    public required Placeholder Placeholder { get; init; }

    /// <summary>With the resolution that is the model's own.</summary>
    public required TrainOptions Options { get; init; }

    /// <summary>As the first text encoder's tokenizer reads it: the encoders' vocabularies are alike.</summary>
    public required Initializer Start { get; init; }

    /// <summary>The embedding whose rows are started from; null where that is the words' rows.</summary>
    public string? StartFile { get; init; }

    /// <summary>Of <see cref="StartFile"/>, when it was read.</summary>
    public string? StartSha256 { get; init; }

    public required IReadOnlyList<TrainingPicture> Pictures { get; init; }

    public required IReadOnlyList<string> Sentences { get; init; }

    public required PromptSource Prompts { get; init; }

    public required Precision Precision { get; init; }

    /// <summary>What decides what is learned, by name, for <see cref="TrainState.RequireSame"/>. The model's weights are the trainer's to compare.</summary>
    public IReadOnlyDictionary<string, string> Identity
    {
        get
        {
            var identity = new Dictionary<string, string>
            {
                ["token"] = Placeholder.Name,
                ["initializer"] = StartFile is null ? Start.Phrase : $"{StartFile} (SHA-256 {StartSha256})",
                ["precision"] = Precision.ToString(),
                ["templates (SHA-256)"] = Sha256(string.Join('\n', Sentences)),
            };
            foreach (var option in JsonSerializer.SerializeToElement(Options).EnumerateObject()) identity[$"option {option.Name}"] = option.Value.ToString();
            foreach (var (picture, prompt) in Pictures.Zip(Prompts.Descriptions(Placeholder)))
            {
                identity[$"{picture.Path} (SHA-256)"] = picture.Sha256;
                if (prompt is not null) identity[$"the description of {picture.Path}"] = $"\"{prompt}\"";
            }

            return identity;
        }
    }

    /// <summary>What an embedding's file says of where it comes from.</summary>
    /// <param name="weights">SHA-256 of each network's values</param>
    /// <param name="step">steps that went into it</param>
    public Dictionary<string, string> Provenance(IEnumerable<KeyValuePair<string, string>> weights, int step)
    {
        var provenance = new Dictionary<string, string>
        {
            ["base_model"] = ModelName,
            ["base_model_sha256"] = Sha256(string.Concat(weights.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value))),
        };
        // The initializer is read as words again, by strengths and by scores: a file is noted apart.
        if (StartFile is null) provenance["initializer"] = Start.Phrase;
        else (provenance["initializer_file"], provenance["initializer_sha256"]) = (StartFile, StartSha256!);
        provenance["steps"] = step.ToString(CultureInfo.InvariantCulture);
        provenance["seed"] = Options.Seed.ToString(CultureInfo.InvariantCulture);
        provenance["software"] = $"ti {Versions.Of(typeof(TrainSetup))}";
        return provenance;
    }

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
