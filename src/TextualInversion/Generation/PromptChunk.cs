using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Generation;

/// <summary>The part of a prompt that a text encoder takes at once.</summary>
/// <param name="Prompt">The S ids.</param>
/// <param name="Weights">The weight of each id; 1 for beginning, end and padding.</param>
internal sealed record PromptChunk(TokenizedPrompt Prompt, float[] Weights)
{
    // The largest number of tokens that a full chunk passes on to the next one so that it ends after a comma: the
    // WebUI's default.
    private const int CommaReach = 20;

    public bool IsWeighted => Array.Exists(Weights, weight => weight != 1);

    public static PromptChunk Empty(PromptTokenizer tokenizer) => Make([], tokenizer);

    /// <summary>
    /// Splits a prompt of any length into at least one chunk. The vectors of an embedding stay together.
    /// </summary>
    /// <exception cref="TextualInversionException">A weight is out of range.</exception>
    public static List<PromptChunk> Split(string prompt, PromptTokenizer tokenizer)
    {
        var chunks = new List<PromptChunk>();
        var open = new List<(int Id, float Weight)>();
        var behindComma = 0; // the start of the text after the last comma in the open chunk
        foreach (var part in PromptSyntax.Parse(prompt))
        {
            if (part.IsBreak)
                Close(open.Count);
            foreach (var ids in tokenizer.Split(part.Text))
            {
                var isComma = ids.Count == 1 && ids[0] == tokenizer.Comma;
                if (
                    open.Count == tokenizer.Capacity
                    && !isComma
                    && behindComma > 0
                    && open.Count - behindComma < CommaReach
                )
                    Close(behindComma);
                if (open.Count + ids.Count > tokenizer.Capacity)
                    Close(open.Count);
                open.AddRange(ids.Select(id => (id, (float)part.Weight)));
                if (isComma)
                    behindComma = open.Count;
            }
        }

        if (open.Count > 0 || chunks.Count == 0)
            Close(open.Count);
        return chunks;

        void Close(int length)
        {
            chunks.Add(Make(open[..length], tokenizer));
            open.RemoveRange(0, length);
            behindComma = 0;
        }
    }

    private static PromptChunk Make(List<(int Id, float Weight)> content, PromptTokenizer tokenizer)
    {
        var prompt = tokenizer.Frame([.. content.Select(token => token.Id)]);
        var weights = new float[prompt.Ids.Count];
        Array.Fill(weights, 1);
        for (var i = 0; i < content.Count; i++)
            weights[i + 1] = content[i].Weight; // after the beginning of text
        return new PromptChunk(prompt, weights);
    }
}
