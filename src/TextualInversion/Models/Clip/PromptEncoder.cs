using TextualInversion.Checkpoints;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Models.Clip;

/// <summary>A text encoder with its tokenizer.</summary>
internal sealed class PromptEncoder : IDisposable
{
    /// <param name="files">The model.</param>
    /// <param name="suffix">The end of the names of its parts: nothing, or <c>_2</c>.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="hasProjection">Whether the pooled output is projected.</param>
    /// <exception cref="TextualInversionException">A file is missing, truncated or of another model.</exception>
    public PromptEncoder(IModelFiles files, string suffix, Device device, bool hasProjection = false)
    {
        string folder = "tokenizer" + suffix,
            part = "text_encoder" + suffix;
        var config = files.Config<ClipTextConfig>(part);
        var weights = files.Weights(part);
        var check = new ConfigCheck(files.DisplayPath($"{part}/config.json"));
        var fit = new ConfigWeights(check, weights, ClipTextEncoder.Rename);
        config.RequireFit(fit);
        if (hasProjection)
            config.RequireProjectionFit(fit);
        Tokenizer = ClipTokenizer.Load(files.TokenizerFolder(folder));
        Tokenizer.RequireFit(config.VocabSize, config.MaxPositionEmbeddings);
        Encoder = new ClipTextEncoder(config, weights, device, hasProjection);
    }

    public ClipTokenizer Tokenizer { get; }

    public ClipTextEncoder Encoder { get; }

    /// <param name="prompts">B prompts.</param>
    /// <param name="rows">
    /// (n, d), the vectors of all placeholders in order. Null if no prompt contains a placeholder.
    /// </param>
    /// <param name="skippedBlocks">See <see cref="ClipTextEncoder.Forward"/>.</param>
    public ClipTextStates Encode(PromptTokens prompts, Tensor? rows, int skippedBlocks = 0)
    {
        using var ids = tensor(prompts.Ids); // (B, S)
        return Encoder.Forward(ids, rows, Tokenizer.VocabularySize, skippedBlocks);
    }

    public void Dispose() => Encoder.Dispose();
}
