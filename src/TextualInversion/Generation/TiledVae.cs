using TextualInversion.Models;
using static TorchSharp.torch;

namespace TextualInversion.Generation;

/// <summary>
/// Latents to pixels in bounded memory: one picture at a time, and a big one in tiles that overlap by a quarter and fade into each other there,
/// as in diffusers' <c>AutoencoderKL.tiled_decode</c>. A tile's norms know nothing of the rest, so that tiled pictures differ a little from whole ones.
/// </summary>
internal static class TiledDecoder
{
    private const int WholeUpToPixels = 1024 * 1024; // a whole picture's feature maps of 128 channels then take half a gigabyte each
    private const int TilePixels = 512;
    private const double Overlap = 0.25;

    /// <param name="model">the decoder</param>
    /// <param name="latents">(1, 4, h, w), scaled</param>
    /// <returns>(1, 3, H, W), about [-1, 1]</returns>
    public static Tensor Decode(IDiffusionModel model, Tensor latents)
    {
        var cell = model.PixelsPerCell;
        return latents.shape[2] * latents.shape[3] * cell * cell <= WholeUpToPixels ? model.DecodeLatents(latents) : Decode(model, latents, TilePixels / cell);
    }

    /// <param name="model">the decoder</param>
    /// <param name="latents">(1, 4, h, w), scaled</param>
    /// <param name="tileCells">a tile's side in latent cells</param>
    /// <returns>(1, 3, H, W), about [-1, 1]</returns>
    internal static Tensor Decode(IDiffusionModel model, Tensor latents, int tileCells)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        long height = latents.shape[2], width = latents.shape[3], stride = (long)(tileCells * (1 - Overlap));
        var blend = (long)(tileCells * model.PixelsPerCell * Overlap);
        var kept = stride * model.PixelsPerCell;
        Tensor[]? above = null; // whole tiles, blended
        var strips = new List<Tensor>();
        for (long top = 0; top < height; top += stride)
        {
            var row = new List<Tensor>();
            for (long left = 0; left < width; left += stride)
            {
                var tile = model.DecodeLatents(latents.narrow(2, top, Math.Min(tileCells, height - top)).narrow(3, left, Math.Min(tileCells, width - left)).contiguous());
                if (above is not null) FadeIn(above[row.Count], tile, blend, dim: 2);
                if (row.Count > 0) FadeIn(row[^1], tile, blend, dim: 3);
                row.Add(tile);
            }

            above = [.. row];
            strips.Add(cat([.. row.Select(tile => Begin(tile, kept, dim: 3))], dim: 3).narrow(2, 0, Math.Min(kept, row[0].shape[2]))); // (1, 3, kept, W)
        }

        return cat([.. strips], dim: 2).MoveToOuterDisposeScope();
    }

    /// <summary>The end of the former tile goes over into the beginning of the next, in place.</summary>
    private static void FadeIn(Tensor former, Tensor next, long extent, int dim)
    {
        using var scope = NewDisposeScope();
        extent = Math.Min(extent, Math.Min(former.shape[dim], next.shape[dim]));
        var share = arange(extent, device: next.device).to(ScalarType.Float32) / extent; // of the next tile
        share = dim == 2 ? share.view(1, 1, -1, 1) : share.view(1, 1, 1, -1);
        var begin = next.narrow(dim, 0, extent);
        begin.copy_(former.narrow(dim, former.shape[dim] - extent, extent) * (1 - share) + begin * share);
    }

    private static Tensor Begin(Tensor tile, long extent, int dim) => tile.narrow(dim, 0, Math.Min(extent, tile.shape[dim]));
}
