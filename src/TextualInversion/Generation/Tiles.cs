using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Generation;

/// <summary>
/// Applies a network to an image tile by tile. Tiles overlap by a quarter and are blended there, first vertically.
/// </summary>
internal static class Tiles
{
    private const double Overlap = 0.25;

    /// <param name="input">(1, C, H, W).</param>
    /// <param name="inputTile">The side of a tile of the input.</param>
    /// <param name="outputTile">The side of the same tile of the output.</param>
    /// <param name="network">From a tile (1, C, H', W') to (1, D, h', w').</param>
    /// <returns>(1, D, h, w).</returns>
    public static Tensor Map(Tensor input, int inputTile, int outputTile, Func<Tensor, Tensor> network)
    {
        using var scope = NewDisposeScope();
        long height = input.shape[2],
            width = input.shape[3];
        var (stride, blend) = ((long)(inputTile * (1 - Overlap)), (long)(outputTile * Overlap));
        var kept = outputTile - blend;
        Tensor[]? above = null; // whole tiles, blended
        var strips = new List<Tensor>();
        for (long top = 0; top < height; top += stride)
        {
            var row = new List<Tensor>();
            for (long left = 0; left < width; left += stride)
            {
                var tile = Compute(
                    input
                        .narrow(2, top, Math.Min(inputTile, height - top))
                        .narrow(3, left, Math.Min(inputTile, width - left)),
                    network
                );
                if (above is not null)
                    FadeIn(above[row.Count], tile, blend, dim: 2);
                if (row.Count > 0)
                    FadeIn(row[^1], tile, blend, dim: 3);
                row.Add(tile);
            }

            above = [.. row];
            strips.Add(
                cat([.. row.Select(tile => Begin(tile, kept, dim: 3))], dim: 3)
                    .narrow(2, 0, Math.Min(kept, row[0].shape[2]))
            ); // (1, D, kept, w)
        }

        return cat([.. strips], dim: 2).MoveToOuterDisposeScope();
    }

    private static Tensor Compute(Tensor tile, Func<Tensor, Tensor> network)
    {
        using var scope = NewDisposeScope();
        return network(tile.contiguous()).MoveToOuterDisposeScope();
    }

    /// <summary>Blends the end of the former tile into the beginning of the next, in place.</summary>
    private static void FadeIn(Tensor former, Tensor next, long extent, int dim)
    {
        using var scope = NewDisposeScope();
        extent = Math.Min(extent, Math.Min(former.shape[dim], next.shape[dim]));
        var share = TensorArithmetic.Range(extent, next.device).DividedBy(extent); // of the next tile
        share = dim == 2 ? share.view(1, 1, -1, 1) : share.view(1, 1, 1, -1);
        var begin = next.narrow(dim, 0, extent);
        var end = former.narrow(dim, former.shape[dim] - extent, extent);
        begin.copy_((end * share.SubtractedFrom(1)).Plus(begin * share));
    }

    private static Tensor Begin(Tensor tile, long extent, int dim) =>
        tile.narrow(dim, 0, Math.Min(extent, tile.shape[dim]));
}
