namespace TextualInversion.Models.Tokenizers;

/// <summary>
/// Tokenizes prompts with placeholders. Placeholders are found before BPE, the longest first, in any case, next to or
/// within words, and never within a longer placeholder. transformers treats added tokens in the same way; here all
/// vectors of a placeholder share one text.
/// </summary>
internal sealed class PromptTokenizer
{
    private const int EndTokens = 2; // beginning and end of text

    private readonly ClipTokenizer tokenizer;
    private readonly Dictionary<string, int[]> idsByText = [];
    private readonly List<Placeholder> placeholderOfRow = [];

    /// <exception cref="TextualInversionException">
    /// A placeholder token is the same as a token of the vocabulary or another placeholder token, or is too long for a
    /// prompt.
    /// </exception>
    public PromptTokenizer(ClipTokenizer tokenizer, IReadOnlyList<Placeholder> placeholders)
    {
        this.tokenizer = tokenizer;
        Placeholders = placeholders;
        foreach (var placeholder in placeholders)
            Register(placeholder);
    }

    /// <summary>The placeholder tokens in the order of registration, which numbers their vectors.</summary>
    public IReadOnlyList<Placeholder> Placeholders { get; }

    /// <summary>The number of vectors of all placeholder tokens together.</summary>
    public int RowCount => placeholderOfRow.Count;

    /// <summary>The number of ids that fit between beginning and end of a prompt: 75.</summary>
    public int Capacity => tokenizer.MaxLength - EndTokens;

    /// <summary>The id of a comma, or null if a comma is several ids.</summary>
    public int? Comma => tokenizer.IsSingleToken(",") ? tokenizer.Encode(",")[0] : null;

    /// <summary>
    /// The ids of one prompt. If it is too long, its last ids are cut off, and the end of text is kept.
    /// </summary>
    public TokenizedPrompt Tokenize(string prompt)
    {
        var content = tokenizer.Encode(prompt, idsByText);
        var kept = content.Take(Capacity).ToList();
        return Frame(kept) with
        {
            Truncated =
                content.Count == kept.Count
                    ? null
                    : new Truncation(content.Count - kept.Count, TextOf(content, kept.Count)),
        };
    }

    /// <summary>The ids of a text of any length, in groups: one token, or all vectors of a placeholder.</summary>
    public IEnumerable<IReadOnlyList<int>> Split(string text)
    {
        var ids = tokenizer.Encode(text, idsByText);
        for (var i = 0; i < ids.Count; )
        {
            var length = IsRow(ids[i]) ? PlaceholderOf(ids[i]).Vectors : 1;
            yield return ids.GetRange(i, length);
            i += length;
        }
    }

    /// <summary>Adds beginning, end and padding to ids.</summary>
    /// <param name="content">At most <see cref="Capacity"/> ids.</param>
    public TokenizedPrompt Frame(IReadOnlyList<int> content)
    {
        List<int> ids = [tokenizer.BeginningOfText, .. content, tokenizer.EndOfText];
        var endOfText = ids.IndexOf(tokenizer.EndOfText);
        ids.AddRange(Enumerable.Repeat(tokenizer.Padding, tokenizer.MaxLength - ids.Count));
        var present = content.Where(IsRow).Select(PlaceholderOf).ToHashSet();
        return new TokenizedPrompt
        {
            Ids = ids,
            EndOfTextPosition = endOfText,
            Placeholders = [.. Placeholders.Where(present.Contains)],
        };
    }

    /// <summary>A batch of prompts, (B, S).</summary>
    /// <exception cref="ArgumentException">There are no prompts.</exception>
    public PromptTokens Tokenize(IReadOnlyList<string> prompts) => PromptTokens.Batch([.. prompts.Select(Tokenize)]);

    private void Register(Placeholder placeholder)
    {
        var name = placeholder.Name;
        var text = ClipPreTokenizer.Normalize(name);
        var ids = Enumerable.Range(tokenizer.VocabularySize + RowCount, placeholder.Vectors).ToArray();
        if (tokenizer.IsSingleToken(name))
            throw new TextualInversionException(
                $"The model's vocabulary already holds {name}. Choose another placeholder, or write \"<{name}>\"."
            );
        if (!idsByText.TryAdd(text, ids))
            throw new TextualInversionException($"Duplicate placeholder {name}; rename one.");
        if (!tokenizer.Encode(name, idsByText).SequenceEqual(ids))
            throw new TextualInversionException(
                $"The placeholder {name} holds one of the tokenizer's special tokens. Choose another name."
            );
        if (placeholder.Vectors > tokenizer.MaxLength - EndTokens)
            throw new TextualInversionException(
                $"The placeholder {name} has {placeholder.Vectors} vectors, and a prompt has room for "
                    + $"{tokenizer.MaxLength - EndTokens}. Use fewer."
            );
        placeholderOfRow.AddRange(Enumerable.Repeat(placeholder, placeholder.Vectors));
    }

    private bool IsRow(int id) => id >= tokenizer.VocabularySize;

    private Placeholder PlaceholderOf(int id) => placeholderOfRow[id - tokenizer.VocabularySize];

    /// <summary>
    /// The text of the ids from <paramref name="begin"/> on. A placeholder token is included even if some of its
    /// vectors come before that.
    /// </summary>
    private string TextOf(List<int> ids, int begin)
    {
        var parts = new List<string>();
        for (var i = begin; i < ids.Count; )
        {
            var run = ids.Skip(i).TakeWhile(id => !IsRow(id)).ToList();
            if (run.Count > 0)
            {
                parts.Add(tokenizer.Decode(run));
                i += run.Count;
                continue;
            }

            parts.Add(PlaceholderOf(ids[i]).Name);
            var last = idsByText[ClipPreTokenizer.Normalize(parts[^1])][^1];
            i = ids.IndexOf(last, i) + 1;
        }

        return string.Join(' ', parts);
    }
}
