namespace TextualInversion.Models.Tokenizers;

/// <summary>The end of a prompt that was cut off: the number of tokens, and their text.</summary>
internal sealed record Truncation(int Count, string Text);

/// <summary>One prompt, padded to the tokenizer's length.</summary>
internal sealed record TokenizedPrompt
{
    /// <summary>
    /// S ids: beginning of text, the prompt, end of text, padding. Vector i of all placeholders together has the id
    /// vocabulary size + i, as transformers numbers added tokens.
    /// </summary>
    public required IReadOnlyList<int> Ids { get; init; }

    /// <summary>
    /// The position of the first end of text, where CLIP pools. CLIP's own code pools at the largest id, which here may
    /// be a placeholder's.
    /// </summary>
    public required int EndOfTextPosition { get; init; }

    /// <summary>
    /// The placeholders of which the prompt contains at least one vector, in the order of registration.
    /// </summary>
    public required IReadOnlyList<Placeholder> Placeholders { get; init; }

    /// <summary>The part that was cut off, or null if the prompt fits.</summary>
    public Truncation? Truncated { get; init; }
}

/// <summary>A batch of prompts, as the text encoder takes it.</summary>
/// <param name="Ids">(B, S), see <see cref="TokenizedPrompt.Ids"/>.</param>
/// <param name="EndOfTextPositions">(B), see <see cref="TokenizedPrompt.EndOfTextPosition"/>.</param>
internal sealed record PromptTokens(long[,] Ids, long[] EndOfTextPositions)
{
    /// <exception cref="ArgumentException">There are no prompts, or their lengths differ.</exception>
    public static PromptTokens Batch(IReadOnlyList<TokenizedPrompt> prompts)
    {
        if (prompts.Select(prompt => prompt.Ids.Count).Distinct().Count() != 1)
            throw new ArgumentException("A batch is of at least one prompt, all of one tokenizer.", nameof(prompts));
        var ids = new long[prompts.Count, prompts[0].Ids.Count];
        for (var i = 0; i < ids.GetLength(0); i++)
        {
            for (var j = 0; j < ids.GetLength(1); j++)
                ids[i, j] = prompts[i].Ids[j];
        }

        return new PromptTokens(ids, [.. prompts.Select(prompt => (long)prompt.EndOfTextPosition)]);
    }

    /// <summary>The prompts several times, each time with other vectors.</summary>
    /// <param name="times">How often.</param>
    /// <param name="firstRowId">The id of the first vector.</param>
    /// <param name="rows">The number of vectors: those of the second time follow those of the first.</param>
    public PromptTokens Repeated(int times, int firstRowId, int rows)
    {
        var (count, length) = (Ids.GetLength(0), Ids.GetLength(1));
        var ids = new long[times * count, length];
        for (var i = 0; i < times * count; i++)
        {
            for (var j = 0; j < length; j++)
            {
                var id = Ids[i % count, j];
                ids[i, j] = id < firstRowId ? id : id + i / count * rows;
            }
        }

        return new PromptTokens(ids, [.. Enumerable.Repeat(EndOfTextPositions, times).SelectMany(each => each)]);
    }
}
