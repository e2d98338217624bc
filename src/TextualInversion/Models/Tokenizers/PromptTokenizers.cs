namespace TextualInversion.Models.Tokenizers;

/// <summary>Prompts to ids for each text encoder of a model; all of them know the same placeholders.</summary>
internal sealed class PromptTokenizers
{
    private readonly PromptTokenizer[] each;

    /// <exception cref="TextualInversionException">See <see cref="PromptTokenizer(ClipTokenizer, IReadOnlyList{Placeholder})"/>.</exception>
    public PromptTokenizers(IReadOnlyList<ClipTokenizer> tokenizers, IReadOnlyList<Placeholder> placeholders) =>
        each = [.. tokenizers.Select(tokenizer => new PromptTokenizer(tokenizer, placeholders))];

    /// <summary>In the order of the encoders.</summary>
    public IReadOnlyList<PromptTokenizer> Each => each;

    /// <summary>That of the first encoder: what it finds in a prompt, placeholders and an end that does not fit, is what the others find.</summary>
    public PromptTokenizer First => each[0];

    /// <summary>A batch of prompts, (B, S), for each encoder.</summary>
    public IReadOnlyList<PromptTokens> Tokenize(IReadOnlyList<string> prompts) =>
        [.. each.Select(tokenizer => tokenizer.Tokenize(prompts))];
}
