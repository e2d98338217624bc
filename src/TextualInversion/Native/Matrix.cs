using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace TextualInversion.Native;

/// <summary>Rows of float32 in memory that belongs to somebody else, who has to keep it for as long as this is used.</summary>
internal readonly unsafe struct Matrix(float* data, int rows, int columns, int stride)
{
    public float* Data => data;

    public int Rows => rows;

    public int Columns => columns;

    /// <summary>From the start of a row to the start of the next, in numbers.</summary>
    public int Stride => stride;

    /// <summary>The numbers of a float32 tensor on the CPU, in their order in memory.</summary>
    /// <exception cref="ArgumentException">It is not contiguous or has another number of elements.</exception>
    public static Matrix Of(Tensor tensor, int rows, int columns)
    {
        if (!tensor.is_contiguous() || tensor.numel() != (long)rows * columns) throw new ArgumentException($"A contiguous tensor of {rows} x {columns} numbers is needed.", nameof(tensor));
        fixed (byte* data = &MemoryMarshal.GetReference(tensor.bytes)) return new Matrix((float*)data, rows, columns, columns);
    }

    public Span<float> Row(int index) => new(data + (long)index * stride, columns);

    /// <summary>All rows as one, where nothing lies between them.</summary>
    public Span<float> Flat => stride == columns ? new(data, rows * columns) : throw new InvalidOperationException("This is a part of wider rows.");

    public Matrix RowRange(int from, int count) => new(data + (long)from * stride, count, columns, stride);

    public Matrix ColumnRange(int from, int count) => new(data + from, rows, count, stride);

    /// <summary>One of so many equal parts of the columns.</summary>
    public Matrix Part(int index, int of) => ColumnRange(index * (columns / of), columns / of);
}
