using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Models.Direct;

/// <summary>The size of B feature maps whose cells are rows, line by line.</summary>
internal readonly record struct MapSize(int Batch, int Height, int Width)
{
    public int Cells => Batch * Height * Width;
}

/// <summary>Feature maps, (B, C, h, w), as a matrix of their cells, (B h w, C).</summary>
internal readonly struct Cells
{
    private readonly Tensor cells; // (B, h, w, C), contiguous; of the scope that this was made in

    private Cells(Tensor cells, MapSize size) => (this.cells, Size) = (cells, size);

    public MapSize Size { get; }

    public int Channels => (int)cells.shape[3];

    public Matrix Matrix => Matrix.Of(cells, Size.Cells, Channels);

    /// <summary>The maps, (B, C, h, w), without a copy.</summary>
    public Tensor Map => cells.permute(0, 3, 1, 2);

    /// <summary>Of maps; copied only where their channels do not lie together.</summary>
    public static Cells Of(Tensor map)
    {
        using var view = map.permute(0, 2, 3, 1);
        return new Cells(view.contiguous(), new MapSize((int)map.shape[0], (int)map.shape[2], (int)map.shape[3]));
    }

    /// <summary>Of any content.</summary>
    public static Cells Empty(MapSize size, int channels) => new(empty(size.Batch, size.Height, size.Width, channels), size);
}
