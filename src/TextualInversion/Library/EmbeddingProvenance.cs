using System.Collections.ObjectModel;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using TextualInversion.IO;
using TextualInversion.Training.Initializers;

namespace TextualInversion;

/// <summary>
/// Where an embedding comes from, as its file's metadata say. Everything is null or empty where the file does not say
/// it.
/// </summary>
public sealed record EmbeddingProvenance
{
    private const string BaseModelKey = "base_model",
        BaseModelHashKey = "base_model_sha256",
        InitializerKey = "initializer",
        InitializerFileKey = "initializer_file",
        InitializerHashKey = "initializer_sha256",
        StepsKey = "steps",
        SeedKey = "seed",
        SoftwareKey = "software",
        LorasKey = "loras";

    /// <summary>The model that it was trained on: a folder, a file or a hub id, as it was named.</summary>
    public string? BaseModel { get; init; }

    /// <summary>The SHA-256 of the base model's values without LoRAs, in lower-case hexadecimal.</summary>
    public string? BaseModelSha256 { get; init; }

    /// <summary>The words that training started from.</summary>
    public string? Initializer { get; init; }

    /// <summary>The embedding file that training started from.</summary>
    public string? InitializerFile { get; init; }

    /// <summary>The SHA-256 of <see cref="InitializerFile"/>, in lower-case hexadecimal.</summary>
    public string? InitializerSha256 { get; init; }

    /// <summary>The number of training steps.</summary>
    public int? Steps { get; init; }

    /// <summary>The seed of the training.</summary>
    public ulong? Seed { get; init; }

    /// <summary>The program that trained it, and its version.</summary>
    public string? Software { get; init; }

    /// <summary>The LoRAs that were part of the model when it was trained. Default: none.</summary>
    public IReadOnlyList<Lora> Loras { get; init; } = [];

    /// <summary>The SHA-256 of the files of <see cref="Loras"/>, in lower-case hexadecimal, by their paths.</summary>
    public IReadOnlyDictionary<string, string> LoraSha256 { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Other metadata, by their keys.</summary>
    public IReadOnlyDictionary<string, string> Others { get; init; } = new Dictionary<string, string>();

    /// <summary>The provenance of an embedding that was trained.</summary>
    /// <param name="model">The model, as it was named.</param>
    /// <param name="weights">The SHA-256 of each network's values, or null if they are not known yet.</param>
    /// <param name="start">The rows that training started from.</param>
    /// <param name="step">The number of steps that went into it.</param>
    /// <param name="seed">The seed of the training.</param>
    /// <param name="software">The program that trained it, and its version.</param>
    internal static EmbeddingProvenance OfTraining(
        string model,
        IReadOnlyDictionary<string, string>? weights,
        InitialEmbedding start,
        int step,
        ulong seed,
        string software
    ) =>
        new()
        {
            BaseModel = model,
            BaseModelSha256 = weights is null ? null : HashOf(weights),
            // Readers take the initializer for words, so a file has a key of its own.
            Initializer = start.File is null ? start.Words.Phrase : null,
            InitializerFile = start.File,
            InitializerSha256 = start.FileSha256,
            Steps = step,
            Seed = seed,
            Software = software,
        };

    /// <summary>One hash of a model from those of its networks.</summary>
    internal static string HashOf(IReadOnlyDictionary<string, string> networks)
    {
        var hashes = networks.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value);
        return Sha256.OfText(string.Concat(hashes));
    }

    /// <summary>Reads the metadata of an embedding's file.</summary>
    internal static EmbeddingProvenance FromMetadata(IReadOnlyDictionary<string, string> metadata)
    {
        var others = new Dictionary<string, string>(metadata);
        string? Take(string key) => others.Remove(key, out var value) ? value : null;
        T? Number<T>(string key)
            where T : struct, IParsable<T> =>
            // A text that is not a number stays among the others.
            others.TryGetValue(key, out var text)
            && T.TryParse(text, CultureInfo.InvariantCulture, out var number)
            && others.Remove(key)
                ? number
                : null;
        var loras = LorasOf(others);
        return new EmbeddingProvenance
        {
            BaseModel = Take(BaseModelKey),
            BaseModelSha256 = Take(BaseModelHashKey),
            Initializer = Take(InitializerKey),
            InitializerFile = Take(InitializerFileKey),
            InitializerSha256 = Take(InitializerHashKey),
            Steps = Number<int>(StepsKey),
            Seed = Number<ulong>(SeedKey),
            Software = Take(SoftwareKey),
            Loras = loras.Count == 0 ? [] : [.. loras.Select(lora => lora.ToLora())],
            LoraSha256 = HashesOf(loras),
            Others = others,
        };
    }

    /// <summary>The metadata for an embedding's file.</summary>
    internal Dictionary<string, string> ToMetadata()
    {
        var metadata = new Dictionary<string, string>();
        foreach (var (key, value) in Known().Where(pair => pair.Value is not null))
            metadata[key] = value!;
        foreach (var (key, value) in Others)
            metadata.TryAdd(key, value);
        return metadata;
    }

    private IEnumerable<(string Key, string? Value)> Known() =>
        [
            (BaseModelKey, BaseModel),
            (BaseModelHashKey, BaseModelSha256),
            (InitializerKey, Initializer),
            (InitializerFileKey, InitializerFile),
            (InitializerHashKey, InitializerSha256),
            (StepsKey, Steps?.ToString(CultureInfo.InvariantCulture)),
            (SeedKey, Seed?.ToString(CultureInfo.InvariantCulture)),
            (SoftwareKey, Software),
            (LorasKey, Loras.Count == 0 ? null : JsonSerializer.Serialize(Loras.Select(Record))),
        ];

    private Recorded Record(Lora lora) =>
        new(lora.Path, lora.Strength)
        {
            TextStrength = lora.TextStrength == lora.Strength ? null : lora.TextStrength,
            Sha256 = LoraSha256.GetValueOrDefault(lora.Path),
        };

    private static List<Recorded> LorasOf(Dictionary<string, string> metadata)
    {
        if (!metadata.TryGetValue(LorasKey, out var text))
            return [];
        try
        {
            // A text of another program stays among the others.
            var recorded = JsonShape.Deserialize<List<Recorded>>(text, JsonSerializerOptions.Default);
            metadata.Remove(LorasKey);
            return recorded;
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static IReadOnlyDictionary<string, string> HashesOf(List<Recorded> loras)
    {
        var known = loras.Where(lora => lora.Sha256 is not null).DistinctBy(lora => lora.File).ToList();
        return known.Count == 0
            ? ReadOnlyDictionary<string, string>.Empty
            : known.ToDictionary(lora => lora.File, lora => lora.Sha256!);
    }

    /// <summary>A LoRA in the metadata.</summary>
    private sealed record Recorded(
        [property: JsonPropertyName("file")] string File,
        [property: JsonPropertyName("strength")] double Strength
    )
    {
        /// <summary>Null if it is the same.</summary>
        [JsonPropertyName("text_strength")]
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public double? TextStrength { get; init; }

        [JsonPropertyName("sha256")]
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Sha256 { get; init; }

        public Lora ToLora() => new(File, Strength) { TextStrength = TextStrength ?? Strength };
    }
}
