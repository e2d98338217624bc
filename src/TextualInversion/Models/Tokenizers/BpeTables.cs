using System.Text.Json;

namespace TextualInversion.Models.Tokenizers;

/// <summary>The tables of byte-pair encoding.</summary>
/// <param name="Vocabulary">The id of each token.</param>
/// <param name="Merges">Pairs separated by a space, the first merged first.</param>
/// <param name="Added">Texts that stand for a token before BPE sees them.</param>
internal sealed record BpeTables(
    IReadOnlyDictionary<string, int> Vocabulary,
    IReadOnlyList<string> Merges,
    IReadOnlyList<SpecialToken> Added
)
{
    /// <summary>From <c>vocab.json</c> and <c>merges.txt</c>.</summary>
    /// <exception cref="TextualInversionException">A file is missing or malformed.</exception>
    public static BpeTables Read(string vocabularyPath, string mergesPath)
    {
        var vocabulary = TokenizerFile.Parse(vocabularyPath, json => json.Deserialize<Dictionary<string, int>>()) ?? [];
        RequireAllIds(vocabulary, vocabularyPath);
        var merges = new List<string>();
        foreach (
            var (index, line) in TokenizerFile
                .ReadText(mergesPath)
                .Split('\n')
                .Select(line => line.TrimEnd('\r'))
                .Index()
        )
        {
            if (line.Length == 0 || line.StartsWith("#version", StringComparison.Ordinal))
                continue;
            RequireMerge(line, vocabulary, mergesPath, $"line {index + 1}");
            merges.Add(line);
        }

        return new BpeTables(vocabulary, merges, []);
    }

    /// <summary>
    /// From <c>tokenizer.json</c> (https://huggingface.co/docs/tokenizers): its BPE model and its added tokens.
    /// Normalization and splitting are assumed to be CLIP's.
    /// </summary>
    /// <exception cref="TextualInversionException">The file is missing, malformed, or not of CLIP's kind.</exception>
    public static BpeTables ReadTokenizer(string path) =>
        TokenizerFile.Parse(
            path,
            json =>
            {
                if (
                    json.ValueKind != JsonValueKind.Object
                    || json.Deserialize<TokenizerJson>(TokenizerJson.Options) is not { Model: { } model } file
                )
                    throw TokenizerFile.Malformed(path, "it has no model");
                if (model.Type is not (null or "BPE") || model.EndOfWordSuffix != "</w>")
                    throw TokenizerFile.Malformed(
                        path,
                        $"its model is {model.Type} with the end of word \"{model.EndOfWordSuffix}\", not BPE "
                            + $"with \"</w>\""
                    );
                var vocabulary = new Dictionary<string, int>(model.Vocab);
                foreach (var added in file.AddedTokens)
                {
                    if (!vocabulary.TryAdd(added.Content, added.Id) && vocabulary[added.Content] != added.Id)
                        throw TokenizerFile.Malformed(
                            path,
                            $"it gives {added.Content} the ids {vocabulary[added.Content]} and {added.Id}"
                        );
                }

                RequireAllIds(vocabulary, path);
                var merges = model
                    .Merges.Select(merge =>
                        merge.ValueKind == JsonValueKind.Array
                            ? string.Join(' ', merge.Deserialize<string[]>()!)
                            : merge.Deserialize<string>() ?? ""
                    )
                    .ToList();
                foreach (var (index, merge) in merges.Index())
                    RequireMerge(merge, vocabulary, path, $"merge {index + 1}");
                return new BpeTables(
                    vocabulary,
                    merges,
                    [.. file.AddedTokens.Select(added => new SpecialToken(added.Content, added.Normalized))]
                );
            }
        );

    /// <summary>
    /// The same with the tokens of <c>added_tokens.json</c>, which were added to the vocabulary later: the script of
    /// diffusers for textual inversion saves a whole model with the learned token in it.
    /// </summary>
    /// <exception cref="TextualInversionException">
    /// The file is malformed, or its ids do not follow the vocabulary's.
    /// </exception>
    public BpeTables WithAdded(string path)
    {
        var added = TokenizerFile.Parse(path, json => json.Deserialize<Dictionary<string, int>>()) ?? [];
        var vocabulary = new Dictionary<string, int>(Vocabulary);
        var fresh = new List<SpecialToken>();
        foreach (var (content, id) in added)
        {
            if (vocabulary.TryAdd(content, id))
                fresh.Add(new SpecialToken(content, Normalized: true));
            else if (vocabulary[content] != id)
                throw TokenizerFile.Malformed(path, $"it gives {content} the id {id}, which has {vocabulary[content]}");
        }

        RequireAllIds(vocabulary, path);
        return this with { Vocabulary = vocabulary, Added = [.. Added, .. fresh] };
    }

    private static void RequireAllIds(Dictionary<string, int> vocabulary, string path)
    {
        var ids = vocabulary.Values.ToHashSet();
        if (vocabulary.Count == 0)
            throw TokenizerFile.Malformed(path, "it holds no tokens");
        if (ids.Count < vocabulary.Count || ids.Min() != 0 || ids.Max() != vocabulary.Count - 1)
            throw TokenizerFile.Malformed(path, $"its ids are not 0 to {vocabulary.Count - 1}, each once");
    }

    private static void RequireMerge(string merge, Dictionary<string, int> vocabulary, string path, string place)
    {
        if (merge.Split(' ') is not [var first, var second])
            throw TokenizerFile.Malformed(path, $"{place} is not a pair of tokens: {merge}");
        if (
            !vocabulary.ContainsKey(first)
            || !vocabulary.ContainsKey(second)
            || !vocabulary.ContainsKey(first + second)
        )
            throw TokenizerFile.Malformed(
                path,
                $"{place} merges {merge}, and the vocabulary lacks one of the two or the result"
            );
    }

    private sealed record TokenizerJson
    {
        public static readonly JsonSerializerOptions Options = new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
        };

        public IReadOnlyList<AddedToken> AddedTokens { get; init; } = [];

        public BpeModel? Model { get; init; }
    }

    private sealed record AddedToken(int Id, string Content, bool Normalized);

    private sealed record BpeModel
    {
        public string? Type { get; init; }

        public string? EndOfWordSuffix { get; init; }

        public required Dictionary<string, int> Vocab { get; init; }

        /// <summary>Pairs of tokens; before tokenizers 0.20, texts with a space between the two.</summary>
        public required IReadOnlyList<JsonElement> Merges { get; init; }
    }
}
