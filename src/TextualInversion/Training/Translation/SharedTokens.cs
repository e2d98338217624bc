using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Training.Translation;

/// <summary>
/// The rows of the tokens that two models have in common, token by token. All of CLIP's text encoders read the same
/// vocabulary.
/// </summary>
internal sealed class SharedTokens : IDisposable
{
    /// <summary>The fewest tokens from which a map is fitted.</summary>
    public const int Fewest = 100;

    private SharedTokens(Tensor from, Tensor to) => (From, To) = (from, to);

    /// <summary>The rows of the first model's text encoders side by side, (m, a).</summary>
    public Tensor From { get; }

    /// <summary>The rows of the other's text encoder, (m, b).</summary>
    public Tensor To { get; }

    /// <summary>Finds them by the text of the tokens; the beginning and the end of text are left out.</summary>
    /// <param name="from">The text encoders of the first model.</param>
    /// <param name="to">A text encoder of the other.</param>
    /// <exception cref="TextualInversionException">They have fewer than <see cref="Fewest"/> tokens in common.
    /// </exception>
    public static SharedTokens Of(IReadOnlyList<Vocabulary> from, Vocabulary to)
    {
        using var scope = NewDisposeScope();
        var known = from.Select(each => Ids(each.Tokenizer)).ToList();
        var shared = Ids(to.Tokenizer)
            .Where(pair => known.TrueForAll(ids => ids.ContainsKey(pair.Key)))
            .OrderBy(pair => pair.Value)
            .ToList();
        if (shared.Count < Fewest)
            throw new TextualInversionException(
                $"The models' vocabularies have {shared.Count} tokens in common, too few to translate by; both must be "
                    + "of CLIP's vocabulary."
            );
        var rows = from.Zip(known, (each, ids) => Rows(each, shared.Select(pair => ids[pair.Key])));
        return new SharedTokens(
            cat([.. rows], dim: 1).DetachFromDisposeScope(), // (m, a)
            Rows(to, shared.Select(pair => pair.Value)).DetachFromDisposeScope()
        );
    }

    public void Dispose()
    {
        From.Dispose();
        To.Dispose();
    }

    private static Tensor Rows(Vocabulary vocabulary, IEnumerable<int> ids)
    {
        using var index = tensor(ids.Select(id => (long)id).ToArray());
        return vocabulary.Table.index_select(0, index).to(ScalarType.Float32); // (m, d)
    }

    private static Dictionary<string, int> Ids(ClipTokenizer tokenizer)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var id = 0; id < tokenizer.Tokens.Count; id++)
        {
            if (id != tokenizer.BeginningOfText && id != tokenizer.EndOfText)
                ids.TryAdd(tokenizer.Tokens[id], id);
        }

        return ids;
    }
}
