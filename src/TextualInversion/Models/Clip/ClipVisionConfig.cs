namespace TextualInversion.Models.Clip;

/// <summary>
/// <c>vision_config</c> in a CLIP's <c>config.json</c>, with the defaults of
/// https://huggingface.co/docs/transformers/model_doc/clip#transformers.CLIPVisionConfig.
/// </summary>
internal sealed record ClipVisionConfig
{
    public int HiddenSize { get; init; } = 768;

    public int IntermediateSize { get; init; } = 3072;

    public int NumHiddenLayers { get; init; } = 12;

    public int NumAttentionHeads { get; init; } = 12;

    /// <summary>The side of the square image that it sees, in pixels.</summary>
    public int ImageSize { get; init; } = 224;

    /// <summary>The side of a patch, in pixels.</summary>
    public int PatchSize { get; init; } = 32;

    public double LayerNormEps { get; init; } = 1e-5;

    /// <summary>See <see cref="ClipTextConfig.HiddenAct"/>.</summary>
    public string HiddenAct { get; init; } = "quick_gelu";

    internal ClipLayerConfig Layer => new(HiddenSize, IntermediateSize, NumAttentionHeads, LayerNormEps, HiddenAct);

    /// <summary>The patches of an image.</summary>
    internal int Patches => ImageSize / PatchSize * (ImageSize / PatchSize);

    /// <exception cref="TextualInversionException">The config describes no network.</exception>
    internal void Validate(string file)
    {
        if (HiddenSize < 1 || NumHiddenLayers < 1 || NumAttentionHeads < 1 || HiddenSize % NumAttentionHeads != 0)
            throw new TextualInversionException(
                $"{file}: its vision_config has hidden_size {HiddenSize}, num_hidden_layers {NumHiddenLayers} and num_attention_heads {NumAttentionHeads}; each must be at least 1, and the heads divide the size."
            );
        if (PatchSize < 1 || ImageSize < PatchSize)
            throw new TextualInversionException(
                $"{file}: its vision_config has image_size {ImageSize} and patch_size {PatchSize}; a patch must fit into the image."
            );
    }
}
