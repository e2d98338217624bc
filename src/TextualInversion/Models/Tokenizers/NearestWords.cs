using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Models.Tokenizers;

/// <summary>The norms of a vocabulary's embeddings.</summary>
internal sealed record NormRange(double Smallest, double Mean, double Largest);

/// <summary>
/// Finds the words of a vocabulary whose embeddings have the highest cosine similarity to given vectors.
/// </summary>
internal sealed class NearestWords : IDisposable
{
    private readonly ClipTokenizer tokenizer;
    private readonly Tensor rows,
        norms; // (V, d), owned by the caller; (V)

    /// <param name="tokenizer">The tokenizer of the vocabulary.</param>
    /// <param name="table">
    /// The token embeddings of a text encoder, (V, d) or longer. They are not copied, so they must outlive this object.
    /// </param>
    public NearestWords(ClipTokenizer tokenizer, Tensor table)
    {
        this.tokenizer = tokenizer;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        rows = table.narrow(0, 0, tokenizer.VocabularySize).DetachFromDisposeScope(); // (V, d)
        norms = rows.norm(1).ClampedFrom(1e-12).DetachFromDisposeScope(); // (V)
    }

    /// <summary>The smallest, mean and largest norm of the embeddings.</summary>
    public NormRange Norms
    {
        get
        {
            using var scope = NewDisposeScope();
            var values = HostCopy.Scalars([norms.min(), norms.mean(), norms.max()]);
            return new NormRange(values[0], values[1], values[2]);
        }
    }

    /// <summary>For each of the vectors, (n, d), the words with the highest cosine similarity, best first.</summary>
    public IReadOnlyList<IReadOnlyList<NearWord>> Find(Tensor learned, int count)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var directions = nn.functional.normalize(learned.to(norms.device), dim: 1); // (n, d)
        var cosines = nn.functional.linear(directions, rows) / norms; // (n, V)
        var (values, ids) = cosines.topk((int)Math.Min(count, cosines.shape[1]), dim: 1); // (n, count)
        var words = HostCopy
            .Of(ids)
            .data<long>()
            .ToArray()
            .Zip(HostCopy.Floats(values), (id, cosine) => new NearWord(Shown((int)id), cosine));
        return [.. words.Chunk((int)ids.shape[1])];
    }

    public void Dispose()
    {
        rows.Dispose();
        norms.Dispose();
    }

    /// <summary>A word, or the beginning of a word followed by an ellipsis.</summary>
    private string Shown(int id)
    {
        var token = tokenizer.TokenText(id);
        return token.EndsWith("</w>", StringComparison.Ordinal) ? token[..^4]
            : tokenizer.EndsWord(id) || token.StartsWith("<|", StringComparison.Ordinal) ? token
            : $"{token}…";
    }
}
