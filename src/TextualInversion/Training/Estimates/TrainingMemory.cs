using TextualInversion.Checkpoints;
using TextualInversion.Models.Autoencoders;
using TextualInversion.Models.Unets;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Training.Estimates;

/// <summary>
/// How much memory a training step takes, within about a tenth: the networks, and what the U-Net keeps for the
/// gradient.
/// </summary>
internal static class TrainingMemory
{
    // Feature maps that are kept of a residual block and of a transformer block, each as large as its result; fitted to
    // measured peaks of
    // Stable Diffusion 1 and XL.
    private const int MapsOfResnet = 6,
        MapsOfTransformer = 36;

    /// <param name="files">the model</param>
    /// <param name="side">of the images, in pixels; null for the model's own. Those of other shapes have no more
    /// pixels, see <see cref="TextualInversion.Data.AspectBuckets"/></param>
    /// <param name="batch">images in a forward pass</param>
    /// <param name="type">what the U-Net computes in</param>
    /// <returns>bytes, without gradient checkpointing</returns>
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

    /// <param name="config">of the U-Net</param>
    /// <param name="cells">along a side of the latents</param>
    private static long Kept(UNetConfig config, long cells)
    {
        var levels = config.BlockOutChannels.Select(
            (channels, level) =>
            {
                var area = (cells >> level) * (cells >> level);
                var transformers = MapsOfTransformer * UNetConfig.At(config.TransformerLayersPerBlock, level);
                var hasAttention = config.DownBlockTypes[level].StartsWith("CrossAttn", StringComparison.Ordinal);
                var layers = 2 * UNetConfig.At(config.LayersPerBlock, level) + 1; // in, and one more out
                var maps = layers * (MapsOfResnet + (hasAttention ? transformers : 0));
                if (level == config.BlockOutChannels.Count - 1)
                    maps += 2 * MapsOfResnet + transformers; // the middle
                return maps * area * channels;
            }
        );
        return levels.Sum();
    }

    private static long Elements(ITensorFile file) =>
        file.Tensors.Values.Sum(entry => entry.Shape.Aggregate(1L, (product, length) => product * length));
}
