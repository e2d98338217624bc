using TextualInversion.Checkpoints;
using TextualInversion.Models.Autoencoders;
using TextualInversion.Models.Unets;
using TextualInversion.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Generation;

/// <summary>
/// Estimates the peak memory of generation, to within about a third: the networks, and the activations of a step or of
/// decoding, whichever are larger.
/// </summary>
/// <param name="files">The model.</param>
/// <param name="type">The type in which the U-Net computes.</param>
/// <param name="keepsHalf">See <see cref="Models.LatentNetworks.KeepsHalf"/>.</param>
internal sealed class GenerationMemory(IModelFiles files, ScalarType type, bool keepsHalf)
{
    // Activations that exist at once, in units of a block's output, including memory that the allocator cannot reuse,
    // and the program with its libraries. Fitted to measured peaks of Stable Diffusion 1.5 and of the demo model. A
    // transformer's feed-forward layers are the widest.
    private const int MapsOfTransformer = 45,
        MapsOfResnet = 15,
        MapsOfDecoder = 10;
    private const long Program = 250_000_000;

    /// <summary>The type in which the U-Net computes.</summary>
    public ScalarType Type { get; } = type;

    private readonly UNetConfig unet = files.Config<UNetConfig>("unet");
    private readonly VaeConfig vae = files.Config<VaeConfig>("vae");

    /// <summary>The peak memory in bytes.</summary>
    /// <param name="options">Size, guidance and init image.</param>
    /// <param name="images">The number of images that share a call of the model.</param>
    /// <returns>bytes</returns>
    /// <exception cref="TextualInversionException">A file of the model is missing or malformed.</exception>
    public long Estimate(GenerationSettings options, int images) =>
        Program + Weights(options.Init is not null) + Math.Max(Step(options, images), Decoding(options));

    /// <summary>The largest batch that fits, at least 1.</summary>
    /// <param name="options">See <see cref="Estimate"/>.</param>
    /// <param name="available">The available memory in bytes.</param>
    /// <param name="most">The largest batch that is wanted.</param>
    public int LargestBatch(GenerationSettings options, long available, int most) =>
        Enumerable
            .Range(1, most)
            .Reverse()
            .FirstOrDefault(images => Estimate(options, images) <= available, defaultValue: 1);

    private long Weights(bool encodes)
    {
        string[] textParts =
            files.Family == ModelFamily.StableDiffusionXl ? ["text_encoder", "text_encoder_2"] : ["text_encoder"];
        var text = textParts.Sum(part => Elements(files.Weights(part), "")) * sizeof(float);
        var images = Elements(files.Weights("vae"), encodes ? "" : "decoder.") * sizeof(float);
        var file = files.Weights("unet");
        var isHalf = keepsHalf && UNetMemory.IsHalf(file);
        return text + images + UNetMemory.Weights(unet, Elements(file, ""), Type, isHalf);
    }

    private long Step(GenerationSettings options, int images)
    {
        long skips = 0,
            most = 0,
            area = (long)(options.Width / vae.PixelsPerCell) * (options.Height / vae.PixelsPerCell);
        for (var level = 0; level < unet.BlockOutChannels.Count; level++, area /= 4)
        {
            var map = area * unet.BlockOutChannels[level];
            var hasAttention = unet.DownBlockTypes[level].StartsWith("CrossAttn", StringComparison.Ordinal);
            skips += map * (UNetConfig.At(unet.LayersPerBlock, level) + 1);
            most = Math.Max(most, map * (hasAttention ? MapsOfTransformer : MapsOfResnet));
        }

        return images * (options.Guidance > 1 ? 2 : 1) * (skips + most) * Type.ElementSize();
    }

    private long Decoding(GenerationSettings options) =>
        MapsOfDecoder * vae.BlockOutChannels[0] * TiledVae.PixelsAtOnce(options.Height, options.Width) * sizeof(float);

    private static long Elements(ITensorFile file, string prefix) =>
        file
            .Tensors.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))
            .Sum(entry => entry.Value.Shape.Aggregate(1L, (product, length) => product * length));
}
