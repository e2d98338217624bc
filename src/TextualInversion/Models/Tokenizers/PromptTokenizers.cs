namespace TextualInversion.Models.Tokenizers;

/// <summary>Tokenizes prompts for each text encoder of a model, all with the same placeholders.</summary>
internal sealed class PromptTokenizers
{
    private readonly PromptTokenizer[] each;

    /// <exception cref="TextualInversionException">
    /// See <see cref="PromptTokenizer(ClipTokenizer, IReadOnlyList{Placeholder})"/>.
    /// </exception>
    public PromptTokenizers(IReadOnlyList<ClipTokenizer> tokenizers, IReadOnlyList<Placeholder> placeholders) =>
        each = [.. tokenizers.Select(tokenizer => new PromptTokenizer(tokenizer, placeholders))];

    /// <summary>The tokenizers in the order of the text encoders.</summary>
    public IReadOnlyList<PromptTokenizer> Each => each;

    /// <summary>
    /// The tokenizer of the first text encoder. The others find the same placeholders and cut prompts at the same
    /// place.
    /// </summary>
    public PromptTokenizer First => each[0];

    /// <summary>A batch of prompts, (B, S), for each text encoder.</summary>
    public IReadOnlyList<PromptTokens> Tokenize(IReadOnlyList<string> prompts) =>
        [.. each.Select(tokenizer => tokenizer.Tokenize(prompts))];
}
