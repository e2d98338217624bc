using System.Text.Json;

namespace TextualInversion.Models.Tokenizers;

/// <summary>
/// A token with a role. If <paramref name="Normalized"/>, it is found in prompts in any case, otherwise only as
/// written.
/// </summary>
internal sealed record SpecialToken(string Text, bool Normalized);

/// <summary>
/// The contents of a <c>tokenizer</c> folder as transformers' <c>CLIPTokenizer</c> saves it: vocab.json and merges.txt,
/// with added_tokens.json if there is one, or tokenizer.json. Special tokens come from special_tokens_map.json, or else
/// from tokenizer_config.json, or else they are the defaults of the class.
/// </summary>
internal sealed record ClipTokenizerFiles
{
    public const string ConfigFile = "tokenizer_config.json";

    private const int LeastMaxLength = 3; // beginning, one token, end
    private const int DefaultMaxLength = 77; // CLIP's context length
    private const int NoLimit = 1_000_000; // transformers writes 1e30 for "no limit"

    public required string Folder { get; init; }

    public required BpeTables Tables { get; init; }

    public required SpecialToken BeginningOfText { get; init; }

    public required SpecialToken EndOfText { get; init; }

    public required SpecialToken Unknown { get; init; }

    public required SpecialToken Padding { get; init; }

    public required int MaxLength { get; init; }

    /// <exception cref="TextualInversionException">A file is missing or malformed.</exception>
    public static ClipTokenizerFiles Read(string folder)
    {
        var configPath = Path.Combine(folder, ConfigFile);
        var mapPath = Path.Combine(folder, "special_tokens_map.json");
        var config = ReadObject(configPath);
        var map = ReadObject(mapPath);
        var (vocabularyPath, tokenizerPath) = (
            Path.Combine(folder, "vocab.json"),
            Path.Combine(folder, "tokenizer.json")
        );
        if (!File.Exists(vocabularyPath) && File.Exists(tokenizerPath))
            vocabularyPath = tokenizerPath;
        var tables =
            vocabularyPath == tokenizerPath
                ? BpeTables.ReadTokenizer(tokenizerPath)
                : BpeTables.Read(vocabularyPath, Path.Combine(folder, "merges.txt"));
        var addedPath = Path.Combine(folder, "added_tokens.json");
        if (vocabularyPath != tokenizerPath && File.Exists(addedPath))
            tables = tables.WithAdded(addedPath);
        return new ClipTokenizerFiles
        {
            Folder = folder,
            Tables = tables,
            BeginningOfText = Special("bos_token", "<|startoftext|>"),
            EndOfText = Special("eos_token", "<|endoftext|>"),
            Unknown = Special("unk_token", "<|endoftext|>"),
            Padding = Special("pad_token", "<|endoftext|>"),
            MaxLength = MaxLengthOf(config, configPath),
        };

        SpecialToken Special(string role, string fallback)
        {
            var (token, source) =
                ParseSpecial(map, role, mapPath) is { } mapped ? (mapped, mapPath)
                : ParseSpecial(config, role, configPath) is { } configured ? (configured, configPath)
                : (new SpecialToken(fallback, Normalized: false), vocabularyPath);
            if (!tables.Vocabulary.ContainsKey(token.Text))
                throw TokenizerFile.Malformed(source, $"{role} is {token.Text}, which {vocabularyPath} does not hold");
            return tables.Added.FirstOrDefault(added => added.Text == token.Text) ?? token;
        }
    }

    /// <summary>A special token is a string, or an AddedToken object.</summary>
    private static SpecialToken? ParseSpecial(JsonElement file, string role, string path)
    {
        if (!file.TryGetProperty(role, out var token) || token.ValueKind == JsonValueKind.Null)
            return null;
        if (token.ValueKind == JsonValueKind.String)
            return new SpecialToken(token.GetString()!, Normalized: false);
        if (
            token.ValueKind != JsonValueKind.Object
            || !token.TryGetProperty("content", out var content)
            || content.ValueKind != JsonValueKind.String
        )
            throw TokenizerFile.Malformed(path, $"{role} is neither a string nor an object with a content");
        var isNormalized =
            token.TryGetProperty("normalized", out var normalized) && normalized.ValueKind == JsonValueKind.True;
        return new SpecialToken(content.GetString()!, isNormalized);
    }

    private static int MaxLengthOf(JsonElement config, string path)
    {
        if (!config.TryGetProperty("model_max_length", out var value) || value.ValueKind == JsonValueKind.Null)
            return DefaultMaxLength;
        var isNumber = value.ValueKind == JsonValueKind.Number;
        var length = isNumber ? value.GetDouble() : 0;
        if (length > NoLimit)
            return DefaultMaxLength;
        return length >= LeastMaxLength && length == Math.Floor(length)
            ? (int)length
            : throw TokenizerFile.Malformed(
                path,
                $"model_max_length is {value.GetRawText()}; it must be a whole number of at least {LeastMaxLength}"
            );
    }

    /// <summary>The file's object, or an empty one if there is no such file: all values have defaults.</summary>
    private static JsonElement ReadObject(string path)
    {
        if (!File.Exists(path))
            return JsonElement.Parse("{}");
        var element = TokenizerFile.Parse(path, json => json.Clone());
        return element.ValueKind == JsonValueKind.Object
            ? element
            : throw TokenizerFile.Malformed(path, "it is not a JSON object");
    }
}
