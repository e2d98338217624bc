using TextualInversion.Checkpoints;
using TextualInversion.Models.Clip;
using static TorchSharp.torch;

namespace TextualInversion.Models.Tokenizers;

/// <summary>A text encoder's words and their rows, to compare learned rows with, where nothing else of the model is needed.</summary>
internal sealed class Vocabulary : IDisposable
{
    private readonly PromptEncoder text;

    private Vocabulary(PromptEncoder text)
    {
        this.text = text;
        Words = new NearestWords(text.Tokenizer, text.Encoder.TokenEmbedding);
    }

    public NearestWords Words { get; }

    /// <summary>d</summary>
    public long Width => text.Encoder.TokenEmbedding.shape[1];

    /// <summary>That of each text encoder of a model; its U-Net and VAE are not opened.</summary>
    /// <exception cref="TextualInversionException">A file is missing, truncated or another model's.</exception>
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
