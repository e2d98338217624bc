using TextualInversion.Cli.Infrastructure;
using TextualInversion.Data;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Data;

namespace TextualInversion.Cli.Train;

/// <summary>
/// How the prompts of a training fit into what a text encoder reads, 77 tokens with those at both ends.
/// </summary>
/// <param name="Placeholder">The placeholder token; of several words the first that is cut off in all, if any.</param>
/// <param name="Prompts">Different prompts.</param>
/// <param name="Longest">The length of the longest, in tokens.</param>
/// <param name="Capacity">The tokens that fit.</param>
/// <param name="Problems">The prompts that are cut off, as warnings.</param>
/// <param name="ReachesNone">Whether every prompt is cut off before the placeholder token.</param>
internal sealed record PromptLengths(
    string Placeholder,
    int Prompts,
    int Longest,
    int Capacity,
    IReadOnlyList<string> Problems,
    bool ReachesNone
)
{
    private const int MostNamed = 5,
        MostCharacters = 60;

    /// <param name="source">The prompts.</param>
    /// <param name="images">The images with their captions.</param>
    /// <param name="tokenizer">Knows the placeholder token.</param>
    public static PromptLengths Measure(
        PromptSource source,
        IReadOnlyList<TrainingImage> images,
        PromptTokenizer tokenizer
    )
    {
        var words = tokenizer.Placeholders;
        var placeholder = words[0];
        var prompts = source.All(placeholder).Select(text => (Text: text, Tokens: tokenizer.Tokenize(text))).ToList();
        var captions = source.Descriptions(placeholder);
        var tooLong = prompts.Where(prompt => prompt.Tokens.Truncated is not null).ToList();
        List<string> problems =
        [
            .. tooLong
                .OrderBy(prompt => prompt.Tokens.Placeholders.Count)
                .Take(MostNamed)
                .Select(prompt => Describe(prompt.Text, prompt.Tokens, CaptionedImage(prompt.Text))),
        ];
        if (tooLong.Count > MostNamed)
            problems.Add($"{Plural.Of(tooLong.Count - MostNamed, "more prompt")} are too long");
        var unreached = words.FirstOrDefault(word => !prompts.Any(prompt => prompt.Tokens.Placeholders.Contains(word)));
        return new PromptLengths(
            (unreached ?? placeholder).Name,
            prompts.Count,
            prompts.Max(prompt => prompt.Tokens.EndOfTextPosition - 1 + (prompt.Tokens.Truncated?.Count ?? 0)),
            tokenizer.Capacity,
            problems,
            unreached is not null
        );

        string? CaptionedImage(string text) => images.Where((_, i) => captions[i] == text).FirstOrDefault()?.Path;
    }

    /// <exception cref="TextualInversionException">
    /// Every prompt is cut off before the placeholder token, so nothing can be learned.
    /// </exception>
    public void RequirePlaceholder()
    {
        if (ReachesNone)
            throw new TextualInversionException(NothingIsLearned);
    }

    /// <summary>The error if <see cref="ReachesNone"/>.</summary>
    public string NothingIsLearned =>
        $"{Placeholder} is cut off in every prompt, so nothing can be learned; move it to the front, or shorten "
        + $"the prompts.";

    private static string Describe(string text, TokenizedPrompt tokens, string? image)
    {
        var where = image is null ? $"the prompt \"{Shortened(text)}\"" : $"the caption of {image}";
        var effect =
            tokens.Placeholders.Count == 0
                ? "the placeholder token is cut off, so the prompt teaches nothing"
                : $"\"{Shortened(tokens.Truncated!.Text)}\" is cut off";
        return $"{where} is {Plural.Of(tokens.Truncated!.Count, "token")} too long: {effect}; shorten it";
    }

    private static string Shortened(string text) => text.Length <= MostCharacters ? text : text[..MostCharacters] + "…";
}
