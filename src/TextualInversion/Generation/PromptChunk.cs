using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Generation;

/// <summary>As much of a prompt as a text encoder sees at once.</summary>
/// <param name="Prompt">S ids</param>
/// <param name="Weights">of each of them; those of the beginning, the end and the padding are 1</param>
internal sealed record PromptChunk(TokenizedPrompt Prompt, float[] Weights)
{
    // How many tokens a full chunk hands on to the next one, so that it ends behind a comma: the WebUI's default.
    private const int CommaReach = 20;

    public bool IsWeighted => Array.Exists(Weights, weight => weight != 1);

    public static PromptChunk Empty(PromptTokenizer tokenizer) => Make([], tokenizer);

    /// <summary>The chunks of a prompt of any length, at least one; an embedding's rows stay together.</summary>
    /// <exception cref="TextualInversionException">A weight is out of range.</exception>
    public static List<PromptChunk> Split(string prompt, PromptTokenizer tokenizer)
    {
        var chunks = new List<PromptChunk>();
        var open = new List<(int Id, float Weight)>();
        var behindComma = 0; // where the text after the last comma of the open chunk begins
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
            weights[i + 1] = content[i].Weight; // behind the beginning of text
        return new PromptChunk(prompt, weights);
    }
}
