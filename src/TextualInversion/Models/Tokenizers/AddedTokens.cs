namespace TextualInversion.Models.Tokenizers;

/// <summary>
/// Texts that stand for token ids and are matched before BPE, as the tokenizers library treats added tokens. The first
/// match wins, and the longest of several at the same position. Matching is by letters, within words too.
/// </summary>
internal sealed class AddedTokens
{
    private readonly KeyValuePair<string, int[]>[] longestFirst;

    public AddedTokens(IEnumerable<KeyValuePair<string, int[]>> idsByText) =>
        longestFirst = [.. idsByText.OrderByDescending(added => added.Key.Length)];

    /// <summary>These tokens and others.</summary>
    public AddedTokens With(IEnumerable<KeyValuePair<string, int[]>> more) => new(longestFirst.Concat(more));

    /// <summary>Whether a text is one of them.</summary>
    public bool Contains(string text) => Array.Exists(longestFirst, added => added.Key == text);

    /// <summary>
    /// The parts of a text in order: added tokens with their ids, and the text between them with null.
    /// </summary>
    public IEnumerable<(string Text, int[]? Ids)> Split(string text)
    {
        var begin = 0;
        for (var position = 0; position < text.Length; )
        {
            var (added, ids) = Array.Find(
                longestFirst,
                candidate => text.AsSpan(position).StartsWith(candidate.Key, StringComparison.Ordinal)
            );
            if (added is null)
            {
                position++;
                continue;
            }

            if (position > begin)
                yield return (text[begin..position], null);
            yield return (added, ids);
            begin = position += added.Length;
        }

        if (begin < text.Length)
            yield return (text[begin..], null);
    }
}
