using TextualInversion.Checkpoints;

namespace TextualInversion.Models.Clip;

/// <summary>
/// <c>vision_config</c> in a CLIP's <c>config.json</c>, with the defaults of
/// https://huggingface.co/docs/transformers/model_doc/clip#transformers.CLIPVisionConfig.
/// </summary>
internal sealed record ClipVisionConfig : IModelConfig
{
    public int HiddenSize { get; init; } = 768;

    public int IntermediateSize { get; init; } = 3072;

    public int NumHiddenLayers { get; init; } = 12;

    public int NumAttentionHeads { get; init; } = 12;

    /// <summary>The height and width of its images, in pixels.</summary>
    public int ImageSize { get; init; } = 224;

    /// <summary>The height and width of a patch, in pixels.</summary>
    public int PatchSize { get; init; } = 32;

    public int NumChannels { get; init; } = 3;

    public double LayerNormEps { get; init; } = 1e-5;

    /// <summary>See <see cref="ClipTextConfig.HiddenAct"/>.</summary>
    public string HiddenAct { get; init; } = "quick_gelu";

    internal ClipLayerConfig Layer => new(HiddenSize, IntermediateSize, NumAttentionHeads, LayerNormEps, HiddenAct);

    /// <summary>The number of patches of an image.</summary>
    internal int Patches => ImageSize / PatchSize * (ImageSize / PatchSize);

    /// <inheritdoc/>
    public void Validate(ConfigCheck check)
    {
        Layer.Validate(check, NumHiddenLayers);
        check.Require(NumChannels == 3, "num_channels", NumChannels, "3");
        check.Range("image_size", ImageSize, 1, 4096);
        check.Range("patch_size", PatchSize, 1, ImageSize);
    }

    /// <summary>Compares the config with the shapes of the weights.</summary>
    /// <exception cref="TextualInversionException">They differ.</exception>
    internal void RequireFit(ConfigWeights weights)
    {
        const string Model = "vision_model",
            Patch = $"{Model}.embeddings.patch_embedding.weight",
            Positions = $"{Model}.embeddings.position_embedding.weight",
            Layers = $"{Model}.encoder.layers";
        weights.Size("hidden_size", HiddenSize, Patch, axis: 0);
        weights.Size("patch_size", PatchSize, Patch, axis: 2);
        if (weights.Length(Positions, axis: 0) is { } positions)
        {
            var side = (long)Math.Sqrt(positions - 1) * PatchSize;
            weights.Require(Patches + 1 == positions, "image_size", ImageSize, $"{side}");
        }

        weights.Size("intermediate_size", IntermediateSize, $"{Layers}.0.mlp.fc1.weight", axis: 0);
        weights.Count("num_hidden_layers", NumHiddenLayers, i => $"{Layers}.{i}.layer_norm1.weight");
    }
}
