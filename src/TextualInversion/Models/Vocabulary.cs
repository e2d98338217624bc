using TextualInversion.Checkpoints;
using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>A word of the vocabulary and the cosine of the angle between its row and another.</summary>
public sealed record NearWord(string Word, double Cosine);

/// <summary>A text encoder's words and their rows, to compare learned rows with.</summary>
public sealed class Vocabulary : IDisposable
{
    private readonly PromptEncoder text;
    private readonly Tensor directions, norms; // (V, d), (V)

    private Vocabulary(PromptEncoder text)
    {
        this.text = text;
        using var scope = NewDisposeScope();
        var rows = text.Encoder.TokenEmbedding.narrow(0, 0, text.Tokenizer.VocabularySize); // (V, d)
        norms = rows.norm(1).clamp_min(1e-12).MoveToOuterDisposeScope();
        directions = (rows / norms.unsqueeze(1)).MoveToOuterDisposeScope();
    }

    /// <summary>d</summary>
    public long Width => directions.shape[1];

    /// <summary>The words' smallest, mean and largest length.</summary>
    public (double Smallest, double Mean, double Largest) Norms
    {
        get
        {
            using var scope = NewDisposeScope();
            return (norms.min().item<float>(), norms.mean().item<float>(), norms.max().item<float>());
        }
    }

    /// <summary>That of each text encoder of a model; its U-Net and VAE are not opened.</summary>
    /// <exception cref="TextualInversionException">A file is missing, truncated or another model's.</exception>
    public static IReadOnlyList<Vocabulary> Open(IModelFiles files)
    {
        var first = new Vocabulary(new PromptEncoder(files, "", CPU));
        return files.Family == ModelFamily.StableDiffusionXl ? [first, new Vocabulary(new PromptEncoder(files, "_2", CPU, hasProjection: true))] : [first];
    }

    /// <summary>For each of the rows, (n, d), the words whose rows point most nearly where it does, the nearest first.</summary>
    public IReadOnlyList<IReadOnlyList<NearWord>> Nearest(Tensor rows, int count)
    {
        using var scope = NewDisposeScope();
        var cosines = nn.functional.linear(nn.functional.normalize(rows, dim: 1), directions); // (n, V)
        var (values, ids) = cosines.topk((int)Math.Min(count, cosines.shape[1]), dim: 1); // (n, count)
        var words = ids.data<long>().ToArray().Zip(values.contiguous().data<float>().ToArray(), (id, cosine) => new NearWord(Shown((int)id), cosine));
        return [.. words.Chunk((int)ids.shape[1])];
    }

    public void Dispose()
    {
        directions.Dispose();
        norms.Dispose();
        text.Dispose();
    }

    /// <summary>A word, or the beginning of one with an ellipsis.</summary>
    private string Shown(int id)
    {
        var token = text.Tokenizer.TokenText(id);
        return token.EndsWith("</w>", StringComparison.Ordinal) ? token[..^4] : text.Tokenizer.EndsWord(id) || token.StartsWith("<|", StringComparison.Ordinal) ? token : $"{token}…";
    }
}
