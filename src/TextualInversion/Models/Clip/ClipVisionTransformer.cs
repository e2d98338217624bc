using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using TextualInversion.Native;
using TextualInversion.Tensors;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Clip;

/// <summary>
/// CLIP's image encoder, a vision transformer (Radford et al. 2021, section 2.4; Dosovitskiy et al. 2021): a class
/// token, followed by one token for each patch of the image. Frozen.
/// </summary>
internal sealed class ClipVisionTransformer : IDisposable
{
    private readonly WeightStore store;
    private readonly ClipVisionConfig config;
    private readonly Tensor classEmbedding,
        patchEmbedding,
        positionEmbedding;
    private readonly LayerNorm firstNorm,
        finalNorm;
    private readonly ClipLayer[] layers;
    private readonly Linear projection;

    /// <param name="config">The widths and depths.</param>
    /// <param name="file">The weights <c>vision_model</c> and <c>visual_projection</c>.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="projectionWidth">The width of the space in which images and texts are compared.</param>
    /// <exception cref="TextualInversionException">
    /// The file does not hold the network that the config describes.
    /// </exception>
    public ClipVisionTransformer(ClipVisionConfig config, ITensorFile file, Device device, int projectionWidth)
    {
        this.config = config;
        // Files of 2022 have the positions' indices as a tensor.
        store = new WeightStore(
            file,
            ScalarType.Float32,
            device,
            key => key == "vision_model.embeddings.position_ids" ? null : key
        );
        var weights = store.Root / "vision_model";
        var embeddings = weights / "embeddings";
        classEmbedding = embeddings.Take("class_embedding", config.HiddenSize);
        patchEmbedding = (embeddings / "patch_embedding").Take(
            "weight",
            config.HiddenSize,
            3,
            config.PatchSize,
            config.PatchSize
        );
        positionEmbedding = (embeddings / "position_embedding").Take("weight", config.Patches + 1, config.HiddenSize);
        firstNorm = new LayerNorm(weights / "pre_layrnorm", config.HiddenSize, config.LayerNormEps); // sic
        layers =
        [
            .. Enumerable
                .Range(0, config.NumHiddenLayers)
                .Select(i => new ClipLayer(weights / "encoder" / "layers" / i, config.Layer, isCausal: false)),
        ];
        finalNorm = new LayerNorm(weights / "post_layernorm", config.HiddenSize, config.LayerNormEps);
        projection = new Linear(store.Root / "visual_projection", config.HiddenSize, projectionWidth, hasBias: false);
        store.RequireAllTaken();
    }

    /// <param name="pixels">(B, 3, S, S), normalized, of the encoder's image size.</param>
    /// <returns>(B, P), not normalized.</returns>
    public Tensor Forward(Tensor pixels)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var grid = F.conv2d(pixels, patchEmbedding, strides: [config.PatchSize, config.PatchSize]); // (B, width, h, w)
        var patches = grid.flatten(2).transpose(1, 2); // (B, h w, width)
        var whole = classEmbedding.view(1, 1, -1).expand(pixels.shape[0], 1, -1); // (B, 1, width)
        var states = firstNorm.Forward(cat([whole, patches], dim: 1).Plus(positionEmbedding)); // (B, 1 + h w, width)
        foreach (var layer in layers)
            states = layer.Forward(states);
        return projection.Forward(finalNorm.Forward(states.select(1, 0))).MoveToOuterDisposeScope();
    }

    /// <summary>See <see cref="WeightStore.Hash"/>.</summary>
    public string Hash() => store.Hash();

    public void Dispose() => store.Dispose();
}
