using TextualInversion.Checkpoints;
using TextualInversion.Models.Clip;
using static TorchSharp.torch;

namespace TextualInversion.Models.Tokenizers;

/// <summary>
/// A text encoder's words and their embeddings, to compare learned vectors with, without loading the rest of the model.
/// </summary>
internal sealed class Vocabulary : IDisposable
{
    private readonly PromptEncoder text;

    private Vocabulary(PromptEncoder text)
    {
        this.text = text;
        Words = new NearestWords(text.Tokenizer, text.Encoder.TokenEmbedding);
    }

    public NearestWords Words { get; }

    public ClipTokenizer Tokenizer => text.Tokenizer;

    /// <summary>The embeddings of the tokens, (V, d) or longer.</summary>
    public Tensor Table => text.Encoder.TokenEmbedding;

    /// <summary>d, the width of a token embedding.</summary>
    public long Width => text.Encoder.TokenEmbedding.shape[1];

    /// <summary>Opens the vocabulary of each text encoder of a model, without its U-Net and VAE.</summary>
    /// <exception cref="TextualInversionException">A file is missing, truncated or of another model.</exception>
    public static IReadOnlyList<Vocabulary> Open(IModelFiles files)
    {
        var first = new Vocabulary(new PromptEncoder(files, "", CPU));
        return files.Family == ModelFamily.StableDiffusionXl
            ? [first, new Vocabulary(new PromptEncoder(files, "_2", CPU, hasProjection: true))]
            : [first];
    }

    public void Dispose()
    {
        Words.Dispose();
        text.Dispose();
    }
}
