using TextualInversion.Models.Layers;
using TextualInversion.Models.Unets;
using TextualInversion.Native;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace TextualInversion.Models.Direct;

/// <summary>The residual block of the U-Net, see <see cref="ResnetBlock"/>.</summary>
internal sealed class DirectResnet(DirectGroupNorm norm1, Conv2d conv1, DirectGroupNorm norm2, Conv2d conv2, DirectLinear? shortcut, int outputs)
{
    private readonly record struct Memory(DirectGroupNorm.Memory Norm1, DirectGroupNorm.Memory Norm2);

    /// <param name="x">(B, inputs, h, w)</param>
    /// <param name="time">(B, outputs), projected</param>
    /// <returns>(B, outputs, h, w)</returns>
    public Tensor Run(Tensor x, Tensor time)
    {
        var (inputs, wantsTime) = ((int)x.shape[1], time.requires_grad);
        return DirectBlock.Run(kept => Forward(x, time, kept), (gradient, memory) => Backward(gradient, memory, inputs, wantsTime), x, time);
    }

    private (Tensor Result, Memory Memory) Forward(Tensor x, Tensor time, Workspace kept)
    {
        using var scope = NewDisposeScope();
        var cells = Cells.Of(x);
        var (batch, perPicture) = (cells.Size.Batch, cells.Size.Cells / cells.Size.Batch);
        var active = Cells.Empty(cells.Size, cells.Channels);
        var memory1 = norm1.Forward(cells.Matrix, active.Matrix, batch, kept);

        var hidden = Convolve(conv1, active);
        for (var i = 0; i < batch; i++) Rows.Add(hidden.Matrix.RowRange(i * perPicture, perPicture), Matrix.Of(time, batch, outputs).Row(i), add: true);
        active = Cells.Empty(cells.Size, outputs);
        var memory2 = norm2.Forward(hidden.Matrix, active.Matrix, batch, kept);

        var result = Convolve(conv2, active);
        if (shortcut is null) TensorPrimitives.Add(result.Matrix.Flat, cells.Matrix.Flat, result.Matrix.Flat);
        else shortcut.Forward(cells.Matrix, result.Matrix, add: true);
        return (result.Map.MoveToOuterDisposeScope(), new Memory(memory1, memory2));
    }

    private Tensor?[] Backward(Tensor gradient, Memory memory, int inputs, bool wantsTime)
    {
        var cells = Cells.Of(gradient);
        var (batch, perPicture) = (cells.Size.Batch, cells.Size.Cells / cells.Size.Batch);
        var hidden = Cells.Empty(cells.Size, outputs);
        hidden.Matrix.Flat.Clear();
        norm2.Backward(ConvolveBack(conv2, cells).Matrix, memory.Norm2, batch, hidden.Matrix);

        var result = Cells.Empty(cells.Size, inputs);
        if (shortcut is null) cells.Matrix.Flat.CopyTo(result.Matrix.Flat);
        else shortcut.Backward(cells.Matrix, result.Matrix);
        norm1.Backward(ConvolveBack(conv1, hidden).Matrix, memory.Norm1, batch, result.Matrix);
        if (!wantsTime) return [result.Map, null];

        var ofTime = zeros(batch, outputs);
        for (var i = 0; i < cells.Size.Cells; i++) Rows.Add(Matrix.Of(ofTime, batch, outputs).RowRange(i / perPicture, 1), hidden.Matrix.Row(i), add: true);
        return [result.Map, ofTime];
    }

    private static Cells Convolve(Conv2d conv, Cells x)
    {
        var map = x.Map;
        return Cells.Of(conv.Packed(map).Apply(map));
    }

    private static Cells ConvolveBack(Conv2d conv, Cells gradient)
    {
        var map = gradient.Map;
        return Cells.Of(conv.Packed(map).ApplyTransposed(map));
    }
}
