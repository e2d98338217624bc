using System.Text.Json;

namespace TextualInversion.Models;

/// <summary>A token with a role. Where <paramref name="Normalized"/>, prompts may hold it in any case, otherwise only as written.</summary>
internal sealed record SpecialToken(string Text, bool Normalized);

/// <summary>
/// The contents of a <c>tokenizer</c> folder as transformers' <c>CLIPTokenizer</c> saves it: vocab.json and merges.txt, and for the special
/// tokens special_tokens_map.json before tokenizer_config.json before the class's own defaults. A folder that holds only tokenizer.json
/// needs a second way to fill this record.
/// </summary>
internal sealed record ClipTokenizerFiles
{
    private const int DefaultMaxLength = 77; // CLIP's context length
    private const int NoLimit = 1_000_000; // transformers writes 1e30 for "no limit"

    public required IReadOnlyDictionary<string, int> Vocabulary { get; init; }

    /// <summary>Pairs separated by a space, the first merged first.</summary>
    public required IReadOnlyList<string> Merges { get; init; }

    public required SpecialToken BeginningOfText { get; init; }

    public required SpecialToken EndOfText { get; init; }

    public required SpecialToken Unknown { get; init; }

    public required SpecialToken Padding { get; init; }

    public required int MaxLength { get; init; }

    /// <exception cref="TextualInversionException">A file is missing or malformed.</exception>
    public static ClipTokenizerFiles Read(string folder)
    {
        var configPath = Path.Combine(folder, "tokenizer_config.json");
        var mapPath = Path.Combine(folder, "special_tokens_map.json");
        var config = ReadObject(configPath);
        var map = ReadObject(mapPath);
        var vocabularyPath = Path.Combine(folder, "vocab.json");
        var vocabulary = ReadVocabulary(vocabularyPath);
        return new ClipTokenizerFiles
        {
            Vocabulary = vocabulary,
            Merges = ReadMerges(Path.Combine(folder, "merges.txt"), vocabulary),
            BeginningOfText = Special("bos_token", "<|startoftext|>"),
            EndOfText = Special("eos_token", "<|endoftext|>"),
            Unknown = Special("unk_token", "<|endoftext|>"),
            Padding = Special("pad_token", "<|endoftext|>"),
            MaxLength = MaxLengthOf(config, configPath),
        };

        SpecialToken Special(string role, string fallback)
        {
            var token = ParseSpecial(map, role, mapPath)
                ?? ParseSpecial(config, role, configPath)
                ?? new SpecialToken(fallback, Normalized: false);
            return vocabulary.ContainsKey(token.Text) ? token : throw Malformed(vocabularyPath, $"it lacks the {role} {token.Text}");
        }
    }

    private static Dictionary<string, int> ReadVocabulary(string path)
    {
        var vocabulary = Parse(path, json => json.Deserialize<Dictionary<string, int>>()) ?? [];
        var ids = vocabulary.Values.ToHashSet();
        if (vocabulary.Count == 0) throw Malformed(path, "it holds no tokens");
        if (ids.Count < vocabulary.Count || ids.Min() != 0 || ids.Max() != vocabulary.Count - 1)
            throw Malformed(path, $"its ids are not 0 to {vocabulary.Count - 1}, each once");
        return vocabulary;
    }

    private static List<string> ReadMerges(string path, Dictionary<string, int> vocabulary)
    {
        var merges = new List<string>();
        foreach (var (index, line) in ReadText(path).Split('\n').Select(line => line.TrimEnd('\r')).Index())
        {
            if (line.Length == 0 || line.StartsWith("#version", StringComparison.Ordinal)) continue;
            if (line.Split(' ') is not [var first, var second]) throw Malformed(path, $"line {index + 1} is no pair of tokens: {line}");
            if (!vocabulary.ContainsKey(first) || !vocabulary.ContainsKey(second) || !vocabulary.ContainsKey(first + second))
                throw Malformed(path, $"line {index + 1} merges {line}, and vocab.json lacks one of the two or the result");
            merges.Add(line);
        }

        return merges;
    }

    /// <summary>A special token is a string, or an AddedToken object.</summary>
    private static SpecialToken? ParseSpecial(JsonElement file, string role, string path)
    {
        if (!file.TryGetProperty(role, out var token) || token.ValueKind == JsonValueKind.Null) return null;
        if (token.ValueKind == JsonValueKind.String) return new SpecialToken(token.GetString()!, Normalized: false);
        if (token.ValueKind != JsonValueKind.Object
            || !token.TryGetProperty("content", out var content) || content.ValueKind != JsonValueKind.String)
            throw Malformed(path, $"{role} is neither a text nor an object with a content");
        var isNormalized = token.TryGetProperty("normalized", out var normalized) && normalized.ValueKind == JsonValueKind.True;
        return new SpecialToken(content.GetString()!, isNormalized);
    }

    private static int MaxLengthOf(JsonElement config, string path)
    {
        if (!config.TryGetProperty("model_max_length", out var value) || value.ValueKind == JsonValueKind.Null) return DefaultMaxLength;
        if (value.ValueKind != JsonValueKind.Number || value.GetDouble() is not (>= 3 and var length))
            throw Malformed(path, "model_max_length is no number of at least 3");
        return length > NoLimit ? DefaultMaxLength : (int)length;
    }

    /// <summary>An empty object where there is no such file: all that it may say has a default.</summary>
    private static JsonElement ReadObject(string path)
    {
        if (!File.Exists(path)) return JsonElement.Parse("{}");
        var element = Parse(path, json => json.Clone());
        return element.ValueKind == JsonValueKind.Object ? element : throw Malformed(path, "it is not a JSON object");
    }

    private static T Parse<T>(string path, Func<JsonElement, T> read)
    {
        try
        {
            using var json = JsonDocument.Parse(ReadText(path));
            return read(json.RootElement);
        }
        catch (JsonException error)
        {
            throw Malformed(path, error.Message.TrimEnd('.'), error);
        }
    }

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TextualInversionException(
                $"{path}: cannot be read ({error.Message.TrimEnd('.')}). A tokenizer is a folder with vocab.json and merges.txt; "
                + "take it from the model's page, or name one with --config.",
                error);
        }
    }

    private static TextualInversionException Malformed(string path, string why, Exception? inner = null)
    {
        var message = $"{path}: is not a CLIP tokenizer's file: {why}. Download it again.";
        return inner is null ? new TextualInversionException(message) : new TextualInversionException(message, inner);
    }
}
