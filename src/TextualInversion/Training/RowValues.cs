using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>Vectors as plain arrays, which may be used on any thread and need no disposal.</summary>
internal static class RowValues
{
    /// <summary>A copy of the vectors, (n, d).</summary>
    public static float[,] FromTensor(Tensor rows)
    {
        using var scope = NewDisposeScope();
        var values = new float[rows.shape[0], rows.shape[1]];
        var flat = HostCopy.Floats(rows);
        Buffer.BlockCopy(flat, 0, values, 0, flat.Length * sizeof(float));
        return values;
    }

    /// <summary>A new tensor of the vectors, (n, d) float32 on the CPU.</summary>
    public static Tensor ToTensor(float[,] rows) => tensor(rows);
}
