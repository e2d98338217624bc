using TextualInversion.Checkpoints;
using TextualInversion.Models.Clip;

namespace TextualInversion.Models.Dino;

/// <summary>
/// A DINOv2's <c>config.json</c>, with the defaults of
/// https://huggingface.co/docs/transformers/model_doc/dinov2#transformers.Dinov2Config.
/// </summary>
internal sealed record DinoConfig : IModelConfig
{
    public string ModelType { get; init; } = "dinov2";

    public int HiddenSize { get; init; } = 768;

    public int NumHiddenLayers { get; init; } = 12;

    public int NumAttentionHeads { get; init; } = 12;

    /// <summary>The width inside the feed-forward part, in widths of the states.</summary>
    public int MlpRatio { get; init; } = 4;

    public string HiddenAct { get; init; } = "gelu";

    public double LayerNormEps { get; init; } = 1e-6;

    /// <summary>The height and width of the images whose positions were learned, in pixels.</summary>
    public int ImageSize { get; init; } = 224;

    /// <summary>The height and width of a patch, in pixels.</summary>
    public int PatchSize { get; init; } = 16;

    public int NumChannels { get; init; } = 3;

    public bool QkvBias { get; init; } = true;

    /// <summary>Whether the feed-forward part is gated, as in the largest model.</summary>
    public bool UseSwigluFfn { get; init; }

    internal int MlpWidth => MlpRatio * HiddenSize;

    /// <summary>The patches along a side of the images whose positions were learned.</summary>
    internal int PatchesPerSide => ImageSize / PatchSize;

    public void Validate(ConfigCheck check)
    {
        check.Require(ModelType == "dinov2", "model_type", ModelType, "dinov2; name the folder of a DINOv2");
        check.Range("mlp_ratio", MlpRatio, 1, 16);
        new ClipLayerConfig(HiddenSize, MlpWidth, NumAttentionHeads, LayerNormEps, HiddenAct).Validate(
            check,
            NumHiddenLayers
        );
        check.Require(HiddenAct == "gelu", "hidden_act", HiddenAct, "gelu");
        check.Require(NumChannels == 3, "num_channels", NumChannels, "3");
        check.Range("image_size", ImageSize, 1, 4096);
        check.Range("patch_size", PatchSize, 1, ImageSize);
        check.Require(!UseSwigluFfn, "use_swiglu_ffn", UseSwigluFfn, "false; take dinov2-small, -base or -large");
    }
}
