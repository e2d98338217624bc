using System.Text;
using static TorchSharp.torch;

namespace TextualInversion.Models.Tokenizers;

/// <summary>The words of the vocabulary that an embedding's vectors start from.</summary>
internal sealed class Initializer
{
    private const int Proposals = 3;

    private Initializer(string phrase, IReadOnlyList<int> ids, IReadOnlyList<string> pieces)
    {
        Phrase = phrase;
        Ids = ids;
        Pieces = pieces;
    }

    public string Phrase { get; }

    /// <summary>The phrase's k token ids, at least one.</summary>
    public IReadOnlyList<int> Ids { get; }

    /// <summary>The tokens of the phrase, for display: <c>g in g er&lt;/w&gt; cat&lt;/w&gt;</c>.</summary>
    public IReadOnlyList<string> Pieces { get; }

    /// <summary>
    /// Reads a word or phrase. A word of several tokens is accepted, but not one that splits into letters or bytes.
    /// </summary>
    /// <exception cref="TextualInversionException">
    /// The phrase is empty, only punctuation, contains a special token, or contains a word that is not in the
    /// vocabulary.
    /// </exception>
    public static Initializer Parse(ClipTokenizer tokenizer, string phrase)
    {
        if (!phrase.EnumerateRunes().Any(MayMean))
            throw new TextualInversionException(
                $"The initializer \"{phrase}\" is not a word. Name what the images show, such as cat."
            );
        var ids = tokenizer.Encode(phrase);
        if (ids.Any(id => id == tokenizer.BeginningOfText || id == tokenizer.EndOfText))
            throw new TextualInversionException(
                $"The initializer \"{phrase}\" holds a special token. Name what the images show, such as cat."
            );
        foreach (var word in Words(tokenizer, ids))
        {
            if (FallsApart(tokenizer, word))
                throw NoWord(tokenizer, word);
        }

        return new Initializer(phrase, ids, [.. ids.Select(tokenizer.TokenText)]);
    }

    /// <summary>
    /// The token ids that each of n vectors starts from; a vector starts as the mean of their embeddings. If n is at
    /// least k, vector i starts from token i, and those beyond from none. Otherwise each vector gets a contiguous group
    /// of tokens, as evenly as possible, so that no token is lost.
    /// </summary>
    public int[][] SpreadOver(int vectors)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vectors, 1);
        var (n, k) = (vectors, Ids.Count);
        return
        [
            .. Enumerable
                .Range(0, n)
                .Select(i =>
                    i >= k ? []
                    : n >= k ? new[] { Ids[i] }
                    : Ids.Skip(i * k / n).Take(((i + 1) * k / n) - (i * k / n)).ToArray()
                ),
        ];
    }

    /// <summary>
    /// The rows that n vectors start from, (n, d): each the mean of its tokens' embeddings, or neutral if it has none.
    /// </summary>
    /// <param name="vocabulary">The token embeddings of the text encoder, (V, d).</param>
    /// <param name="vectors">n.</param>
    public Tensor Rows(Tensor vocabulary, int vectors)
    {
        using var scope = NewDisposeScope();
        var rows = SpreadOver(vectors)
            .Select(ids =>
                ids.Length == 0
                    ? NeutralRow(vocabulary)
                    : vocabulary
                        .index_select(0, tensor(ids.Select(id => (long)id).ToArray(), device: vocabulary.device))
                        .mean([0])
            );
        return stack(rows).MoveToOuterDisposeScope();
    }

    /// <summary>The row that stands for no word in particular, (d): the mean of the vocabulary.</summary>
    /// <param name="vocabulary">(V, d).</param>
    public static Tensor NeutralRow(Tensor vocabulary) => vocabulary.mean([0]);

    /// <summary>Letters and digits of any script, and symbols beyond ASCII such as emoji.</summary>
    private static bool MayMean(Rune rune) =>
        Rune.IsLetterOrDigit(rune)
        || !(rune.IsAscii || Rune.IsPunctuation(rune) || Rune.IsWhiteSpace(rune) || Rune.IsControl(rune));

    private static IEnumerable<List<int>> Words(ClipTokenizer tokenizer, IEnumerable<int> ids)
    {
        var word = new List<int>();
        foreach (var id in ids)
        {
            word.Add(id);
            if (!tokenizer.EndsWord(id))
                continue;
            yield return word;
            word = [];
        }
    }

    /// <summary>
    /// Whether a word is split into single characters, which any vocabulary has. Exceptions are the 's of "cat's" and
    /// runs of punctuation.
    /// </summary>
    private static bool FallsApart(ClipTokenizer tokenizer, List<int> word) =>
        word.Count > 1
        && word.All(tokenizer.IsSingleByte)
        && !tokenizer.Decode(word).EnumerateRunes().Any(Rune.IsPunctuation);

    private static TextualInversionException NoWord(ClipTokenizer tokenizer, List<int> ids)
    {
        var word = tokenizer.Decode(ids);
        var nearest = string.Join(", ", tokenizer.NearestWords(word, Proposals));
        return new TextualInversionException(
            $"The initializer's \"{word}\" is not a word of the model's vocabulary, "
                + $"which spells it {string.Join(' ', ids.Select(tokenizer.TokenText))}. Choose another; the "
                + $"nearest are {nearest}."
        );
    }
}
