using System.Text.RegularExpressions;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Terminal;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Cli.Generate;

/// <summary>What is probably not meant: words that nobody learned, and embeddings that no prompt holds.</summary>
internal static partial class PromptWarnings
{
    /// <param name="texts">prompts and negatives</param>
    /// <param name="shelf">the embeddings that were found for them</param>
    /// <param name="triggers">of all embeddings that there are</param>
    /// <param name="messages">told</param>
    public static void OfUnknownWords(
        IReadOnlyList<string> texts,
        EmbeddingSet shelf,
        IReadOnlyList<string> triggers,
        ConsoleLog messages
    )
    {
        var unknown = texts
            .SelectMany(text => AngleBrackets().Matches(text).Select(match => match.Value))
            .Where(text =>
                !shelf.Embeddings.Any(embedding => text.Contains(embedding.Trigger, StringComparison.OrdinalIgnoreCase))
            )
            .Distinct();
        foreach (var text in unknown)
        {
            var nearest = triggers.MinBy(trigger => EditDistance.Between(trigger, text));
            messages.Warn(
                $"no embedding in {EmbeddingSet.Folder}/ has the trigger {text}, so it is read as ordinary text; {(nearest is null ? "name one with --embedding" : $"the nearest is {nearest}")}."
            );
        }

        if (shelf.Embeddings.Count == 0 && triggers.Count > 0)
            messages.Warn(
                $"the prompt holds no learned word; {EmbeddingSet.Folder}/ has {string.Join(", ", triggers)}."
            );
    }

    /// <param name="texts">prompts and negatives</param>
    /// <param name="shelf">the embeddings that were asked for</param>
    /// <param name="tokenizer">with their placeholders</param>
    /// <param name="messages">told</param>
    public static void OfUnusedEmbeddings(
        IReadOnlyList<string> texts,
        EmbeddingSet shelf,
        PromptTokenizer tokenizer,
        ConsoleLog messages
    )
    {
        // Of the whole prompt, whose end a single chunk may not hold.
        var resolved = texts.Select(shelf.Resolve).ToList();
        foreach (
            var placeholder in tokenizer.Placeholders.Where(placeholder =>
                !resolved.Exists(text => text.Contains(placeholder.Name, StringComparison.OrdinalIgnoreCase))
            )
        )
            messages.Warn($"the prompt does not hold {placeholder.Name}, so that embedding has no effect.");
    }

    [GeneratedRegex("<[^<>|]+>")]
    private static partial Regex AngleBrackets();
}
