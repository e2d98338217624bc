using TextualInversion.Checkpoints;
using TextualInversion.Models.Autoencoders;
using TextualInversion.Models.Unets;
using TextualInversion.Tensors;
using TorchSharp;
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

    // With gradient checkpointing: the inputs of a layer, with what is concatenated for it and its gradient.
    private const int MapsOfInputs = 3;

    /// <param name="files">The model.</param>
    /// <param name="side">
    /// The side of the images in pixels. Null: the model's own resolution. Images of other aspect ratios have no more
    /// pixels, see <see cref="TextualInversion.Data.AspectBuckets"/>.
    /// </param>
    /// <param name="batch">The number of images in a forward pass.</param>
    /// <param name="type">The type in which the U-Net computes.</param>
    /// <param name="choice">How memory is saved.</param>
    /// <returns>The estimate in bytes.</returns>
    /// <exception cref="TextualInversionException">A file of the model is missing or malformed.</exception>
    public static long Estimate(IModelFiles files, int? side, int batch, ScalarType type, MemoryChoice choice = default)
    {
        string[] textParts =
            files.Family == ModelFamily.StableDiffusionXl ? ["text_encoder", "text_encoder_2"] : ["text_encoder"];
        var unet = files.Config<UNetConfig>("unet");
        var sizes = new NetworkSizes(
            textParts.Sum(part => Elements(files.Weights(part))),
            Elements(files.Weights("unet")),
            unet
        )
        {
            IsHalf = UNetMemory.IsHalf(files.Weights("unet")),
        };
        var cells = side / files.Config<VaeConfig>("vae").PixelsPerCell ?? unet.SampleSize;
        return Estimate(sizes, cells, batch, type, choice);
    }

    /// <param name="sizes">The model.</param>
    /// <param name="cells">The side of the latents.</param>
    /// <param name="batch">Images in a forward pass.</param>
    /// <param name="type">The type in which the U-Net computes.</param>
    /// <param name="choice">How memory is saved.</param>
    /// <returns>Bytes.</returns>
    public static long Estimate(NetworkSizes sizes, long cells, int batch, ScalarType type, MemoryChoice choice)
    {
        var size = type.ElementSize();
        var kept = choice.GradientCheckpointing ? Recomputed(sizes.UNet, cells) : Kept(sizes.UNet, cells);
        var weights = UNetMemory.Weights(sizes.UNet, sizes.UNetElements, type, choice.KeepsHalf && sizes.IsHalf);
        return (sizes.TextElements * sizeof(float)) + weights + (batch * kept * size);
    }

    /// <summary>The elements that one image needs: the inputs of all layers, and the activations of one.</summary>
    private static long Recomputed(UNetConfig config, long cells)
    {
        long inputs = 0,
            largest = 0;
        for (var level = 0; level < config.BlockOutChannels.Count; level++)
        {
            var map = (cells >> level) * (cells >> level) * config.BlockOutChannels[level];
            var layers = 2 * UNetConfig.At(config.LayersPerBlock, level) + 1; // in, and one more out
            inputs += MapsOfInputs * layers * map;
            var transformers = HasAttention(config, level)
                ? MapsOfTransformer * UNetConfig.At(config.TransformerLayersPerBlock, level)
                : 0;
            largest = Math.Max(largest, (MapsOfResnet + transformers) * map);
        }

        return inputs + largest;
    }

    private static bool HasAttention(UNetConfig config, int level) =>
        config.DownBlockTypes[level].StartsWith("CrossAttn", StringComparison.Ordinal);

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
                // A level has a down block, and an up block with one layer more.
                var layers = 2 * UNetConfig.At(config.LayersPerBlock, level) + 1;
                var maps = layers * (MapsOfResnet + (HasAttention(config, level) ? transformers : 0));
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

/// <summary>The sizes of a model that decide how much memory a training takes.</summary>
/// <param name="TextElements">The parameters of the text encoders.</param>
/// <param name="UNetElements">The parameters of the U-Net.</param>
/// <param name="UNet">The widths and depths of the U-Net.</param>
internal sealed record NetworkSizes(long TextElements, long UNetElements, UNetConfig UNet)
{
    /// <summary>Whether the U-Net's file has half precision.</summary>
    public bool IsHalf { get; init; }
}
