using TextualInversion.Checkpoints;
using TextualInversion.Tensors;

namespace TextualInversion.Models.Clip;

/// <summary>
/// The <c>config.json</c> of a whole CLIP
/// (https://huggingface.co/docs/transformers/model_doc/clip#transformers.CLIPConfig).
/// </summary>
internal sealed record ClipConfig : IModelConfig
{
    private const string TextSection = "text_config",
        VisionSection = "vision_config",
        Projection = "projection_dim";

    public ClipTextConfig? TextConfig { get; init; }

    public ClipVisionConfig? VisionConfig { get; init; }

    /// <summary>The width of the space in which images and texts are compared.</summary>
    public int ProjectionDim { get; init; } = 512;

    /// <inheritdoc/>
    public void Validate(ConfigCheck check)
    {
        TextConfig?.Validate(check.Section(TextSection));
        VisionConfig?.Validate(check.Section(VisionSection));
        check.Range(Projection, ProjectionDim, 1, ClipLayerConfig.MostWidth);
    }

    /// <summary>Compares the config with the shapes of the weights.</summary>
    /// <exception cref="TextualInversionException">They differ.</exception>
    internal void RequireFit(ConfigCheck check, ITensorFile weights)
    {
        var whole = new ConfigWeights(check, weights);
        whole.Size(Projection, ProjectionDim, "text_projection.weight", axis: 0);
        whole.Size(Projection, ProjectionDim, "visual_projection.weight", axis: 0);
        TextConfig?.RequireFit(new ConfigWeights(check.Section(TextSection), weights, ClipTextEncoder.Rename));
        VisionConfig?.RequireFit(new ConfigWeights(check.Section(VisionSection), weights));
    }
}
