using TextualInversion.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Models.Unets;

/// <summary>The memory that a U-Net's weights take.</summary>
internal static class UNetMemory
{
    // The weights of a residual block over a skip connection, and of a transformer block, in units of the squared
    // number of channels.
    private const int SquaresOfResnet = 32,
        SquaresOfTransformer = 22;

    /// <param name="config">The config of the U-Net.</param>
    /// <param name="elements">The parameters of the U-Net.</param>
    /// <param name="type">The type in which the U-Net computes.</param>
    /// <param name="keepsHalf">Whether the weights stay in half precision, see <see cref="LatentNetworks"/>.</param>
    /// <returns>Bytes, with the layer that is widened.</returns>
    public static long Weights(UNetConfig config, long elements, ScalarType type, bool keepsHalf) =>
        keepsHalf && type == ScalarType.Float32
            ? (elements * sizeof(float) / 2) + (LargestLayer(config) * sizeof(float))
            : elements * type.ElementSize();

    /// <param name="file">The weights of a U-Net.</param>
    /// <returns>Whether all are in half precision, so that they can stay so.</returns>
    public static bool IsHalf(ITensorFile file) => file.Tensors.Values.All(entry => entry.Type != ScalarType.Float32);

    /// <summary>About how many weights the largest layer has, which are widened at once.</summary>
    private static long LargestLayer(UNetConfig config)
    {
        long channels = config.BlockOutChannels[^1];
        var blocks = UNetConfig.At(config.TransformerLayersPerBlock, config.BlockOutChannels.Count - 1);
        return channels * channels * (SquaresOfResnet + SquaresOfTransformer * blocks);
    }
}
