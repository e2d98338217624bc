using TextualInversion.Models;
using static TorchSharp.torch;

namespace TextualInversion.Generation;

/// <summary>
/// Decodes and encodes with bounded memory: one image at a time, and large ones in tiles, as diffusers'
/// <c>enable_vae_tiling</c> does (<c>AutoencoderKL.tiled_decode</c>, <c>_tiled_encode</c>). The group norms of a tile
/// do not see the rest of the image, so tiled images differ a little from whole ones.
/// </summary>
internal static class TiledVae
{
    // At this size, each feature map with 128 channels takes half a gigabyte.
    private const int WholeUpToPixels = 1024 * 1024;
    private const int TilePixels = 512;

    /// <summary>The number of pixels of an image that are processed at once.</summary>
    public static long PixelsAtOnce(long heightPixels, long widthPixels) =>
        IsWhole(heightPixels, widthPixels)
            ? heightPixels * widthPixels
            : Math.Min(TilePixels, heightPixels) * Math.Min(TilePixels, widthPixels);

    /// <param name="model">The model with the decoder.</param>
    /// <param name="latents">(1, 4, h, w), scaled.</param>
    /// <returns>(1, 3, H, W), approximately in [-1, 1].</returns>
    public static Tensor Decode(IDiffusionModel model, Tensor latents)
    {
        var cell = model.PixelsPerCell;
        return IsWhole(latents.shape[2] * cell, latents.shape[3] * cell)
            ? model.DecodeLatents(latents)
            : Decode(model, latents, TilePixels / cell);
    }

    /// <param name="model">The model with the encoder.</param>
    /// <param name="pixels">(1, 3, H, W) in [-1, 1].</param>
    /// <returns>The distribution of the scaled latents, (1, 4, h, w).</returns>
    public static LatentDistribution Encode(IDiffusionModel model, Tensor pixels) =>
        IsWhole(pixels.shape[2], pixels.shape[3]) ? model.EncodeImages(pixels) : Encode(model, pixels, TilePixels);

    /// <param name="model">The model with the decoder.</param>
    /// <param name="latents">(1, 4, h, w), scaled.</param>
    /// <param name="tileCells">The side of a tile, in latent cells.</param>
    internal static Tensor Decode(IDiffusionModel model, Tensor latents, int tileCells)
    {
        using var noGrad = no_grad();
        return Tiles.Map(latents, tileCells, tileCells * model.PixelsPerCell, model.DecodeLatents);
    }

    /// <param name="model">The model with the encoder.</param>
    /// <param name="pixels">(1, 3, H, W).</param>
    /// <param name="tilePixels">The side of a tile, in pixels.</param>
    internal static LatentDistribution Encode(IDiffusionModel model, Tensor pixels, int tilePixels)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        // diffusers blends the network's output: the means and the logarithms of the variances.
        var moments = Tiles.Map(
            pixels,
            tilePixels,
            tilePixels / model.PixelsPerCell,
            tile =>
            {
                var own = model.EncodeImages(tile);
                return cat([own.Mean, own.Std.log()], dim: 1); // (1, 8, h, w)
            }
        );
        var parts = moments.chunk(2, dim: 1); // 2 x (1, 4, h, w)
        return new LatentDistribution(
            parts[0].contiguous().MoveToOuterDisposeScope(),
            parts[1].exp().MoveToOuterDisposeScope()
        );
    }

    private static bool IsWhole(long heightPixels, long widthPixels) => heightPixels * widthPixels <= WholeUpToPixels;
}
