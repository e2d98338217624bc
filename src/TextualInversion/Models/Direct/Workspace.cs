using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using TextualInversion.Native;

namespace TextualInversion.Models.Direct;

/// <summary>
/// Memory that is taken piece by piece and given back as a whole. Its blocks are kept for the next one: a training step takes the same pieces over and over.
/// </summary>
internal sealed unsafe class Workspace : IDisposable
{
    private const int BlockLength = 1 << 16; // numbers, 256 KiB
    private const int Alignment = 16; // numbers, a cache line
    private static readonly ConcurrentBag<nint> Free = [];

    private readonly List<nint> blocks = [], larger = [];
    private int left;

    ~Workspace() => GiveBack(); // of a graph that nothing was propagated back through

    /// <summary>Numbers of any value.</summary>
    public Matrix Take(int rows, int columns)
    {
        var length = checked(rows * columns + Alignment - 1) / Alignment * Alignment;
        if (length > BlockLength)
        {
            larger.Add((nint)NativeMemory.AlignedAlloc((nuint)length * sizeof(float), Alignment * sizeof(float)));
            return new Matrix((float*)larger[^1], rows, columns, columns);
        }

        if (length > left)
        {
            blocks.Add(Free.TryTake(out var block) ? block : (nint)NativeMemory.AlignedAlloc(BlockLength * sizeof(float), Alignment * sizeof(float)));
            left = BlockLength;
        }

        var data = (float*)blocks[^1] + (BlockLength - left);
        left -= length;
        return new Matrix(data, rows, columns, columns);
    }

    public void Dispose()
    {
        GiveBack();
        GC.SuppressFinalize(this);
    }

    private void GiveBack()
    {
        foreach (var block in blocks) Free.Add(block);
        foreach (var block in larger) NativeMemory.AlignedFree((void*)block);
        blocks.Clear();
        larger.Clear();
        left = 0;
    }
}
