using TextualInversion.Generation;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Cli.Train;

/// <summary>Words of an initializer that the vocabulary does not hold whole. They may be misspelt, or rare.</summary>
internal static class InitializerPieces
{
    /// <summary>A warning for each word of several pieces, with the nearest whole word.</summary>
    public static IReadOnlyList<string> Warnings(ClipTokenizer tokenizer, string phrase) =>
        [
            .. EmbeddingNames.IsInAngles(phrase.Trim())
                ? [$"the initializer {phrase.Trim()} is read as words; to start from an embedding, name its file"]
                : Array.Empty<string>(),
            .. phrase
                .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
                .Where(word => word.All(char.IsLetter))
                .Select(word => Warning(tokenizer, word))
                .OfType<string>(),
        ];

    private static string? Warning(ClipTokenizer tokenizer, string word)
    {
        var ids = tokenizer.Encode(word);
        if (ids.Count < 2)
            return null;
        var pieces = string.Join(' ', ids.Select(tokenizer.TokenText));
        var nearest = tokenizer.NearestWords(word, 1) is [var other] ? $"; the nearest whole word is \"{other}\"" : "";
        return $"the initializer's \"{word}\" is not one word of the vocabulary, which reads it as {pieces}{nearest}";
    }
}
