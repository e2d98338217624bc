using TextualInversion.Checkpoints;
using TextualInversion.Models.Autoencoders;
using TextualInversion.Models.Unets;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Training.Estimates;

/// <summary>
/// Estimates the memory of a training step, to within about 10 %: the networks, and the activations that the U-Net
/// keeps for the backward pass.
/// </summary>
internal static class TrainingMemory
{
    // Activations kept by a residual block and by a transformer block, in units of the block's output. Fitted to
    // measured peaks of Stable Diffusion 1 and XL.
    private const int MapsOfResnet = 6,
        MapsOfTransformer = 36;

    /// <param name="files">The model.</param>
    /// <param name="side">
    /// The side of the images in pixels. Null: the model's own resolution. Images of other aspect ratios have no more
    /// pixels, see <see cref="TextualInversion.Data.AspectBuckets"/>.
    /// </param>
    /// <param name="batch">The number of images in a forward pass.</param>
    /// <param name="type">The type in which the U-Net computes.</param>
    /// <returns>The estimate in bytes, without gradient checkpointing.</returns>
    /// <exception cref="TextualInversionException">A file of the model is missing or malformed.</exception>
    public static long Estimate(IModelFiles files, int? side, int batch, ScalarType type)
    {
        long size = type == ScalarType.Float32 ? sizeof(float) : sizeof(float) / 2;
        string[] textParts =
            files.Family == ModelFamily.StableDiffusionXl ? ["text_encoder", "text_encoder_2"] : ["text_encoder"];
        var text = textParts.Sum(part => Elements(files.Weights(part))) * sizeof(float);
        var unet = files.Config<UNetConfig>("unet");
        long cells = side / files.Config<VaeConfig>("vae").PixelsPerCell ?? unet.SampleSize;
        return text + (Elements(files.Weights("unet")) + batch * Kept(unet, cells)) * size;
    }

    /// <summary>The number of values that the U-Net keeps for one image.</summary>
    /// <param name="config">The config of the U-Net.</param>
    /// <param name="cells">The side of the latents, in latent cells.</param>
    private static long Kept(UNetConfig config, long cells)
    {
        var levels = config.BlockOutChannels.Select(
            (channels, level) =>
            {
                var area = (cells >> level) * (cells >> level);
                var transformers = MapsOfTransformer * UNetConfig.At(config.TransformerLayersPerBlock, level);
                var hasAttention = config.DownBlockTypes[level].StartsWith("CrossAttn", StringComparison.Ordinal);
                // A level has a down block, and an up block with one layer more.
                var layers = 2 * UNetConfig.At(config.LayersPerBlock, level) + 1;
                var maps = layers * (MapsOfResnet + (hasAttention ? transformers : 0));
                if (level == config.BlockOutChannels.Count - 1)
                    maps += 2 * MapsOfResnet + transformers; // the mid block
                return maps * area * channels;
            }
        );
        return levels.Sum();
    }

    private static long Elements(ITensorFile file) =>
        file.Tensors.Values.Sum(entry => entry.Shape.Aggregate(1L, (product, length) => product * length));
}
