namespace TextualInversion.Models.Clip;

/// <summary>
/// <c>text_encoder/config.json</c> (https://huggingface.co/docs/transformers/model_doc/clip#transformers.CLIPTextConfig).
/// </summary>
internal sealed record ClipTextConfig
{
    public required int VocabSize { get; init; }

    /// <summary>d, the width of an embedding row.</summary>
    public required int HiddenSize { get; init; }

    public required int IntermediateSize { get; init; }

    public required int NumHiddenLayers { get; init; }

    public required int NumAttentionHeads { get; init; }

    /// <summary>S, the tokens of a prompt.</summary>
    public int MaxPositionEmbeddings { get; init; } = 77;

    public double LayerNormEps { get; init; } = 1e-5;

    /// <summary><c>quick_gelu</c> (x sigmoid(1.702 x)) in OpenAI's models, <c>gelu</c> in OpenCLIP's.</summary>
    public string HiddenAct { get; init; } = "quick_gelu";

    /// <summary>The width of the projected pooled output, where the encoder has one.</summary>
    public int ProjectionDim { get; init; } = 512;

    internal ClipLayerConfig Layer => new(HiddenSize, IntermediateSize, NumAttentionHeads, LayerNormEps, HiddenAct);

    /// <exception cref="TextualInversionException">The config describes no network.</exception>
    internal void Validate(string file)
    {
        if (HiddenSize < 1 || NumHiddenLayers < 1 || NumAttentionHeads < 1 || HiddenSize % NumAttentionHeads != 0)
            throw new TextualInversionException(
                $"{file}: its config.json has hidden_size {HiddenSize}, num_hidden_layers {NumHiddenLayers} and num_attention_heads {NumAttentionHeads}; each must be at least 1, and the heads divide the size."
            );
    }
}
