using TextualInversion.Models.Unets;
using TextualInversion.Native;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace TextualInversion.Models.Direct;

/// <summary>See <see cref="SpatialTransformer"/>.</summary>
internal sealed class DirectTransformer(DirectGroupNorm norm, DirectLinear projectIn, DirectTransformerBlock[] blocks, DirectLinear projectOut)
{
    private readonly record struct Memory(DirectGroupNorm.Memory Norm, DirectTransformerBlock.Memory[] Blocks);

    /// <param name="x">(B, C, h, w)</param>
    /// <param name="context">(B, T, D)</param>
    /// <returns>(B, C, h, w)</returns>
    public Tensor Run(Tensor x, Tensor context)
    {
        var (wantsX, contextShape) = (x.requires_grad, context.shape);
        return DirectBlock.Run(kept => Forward(x, context, kept), (gradient, memory) => Backward(gradient, memory, wantsX, contextShape), x, context);
    }

    private (Tensor Result, Memory Memory) Forward(Tensor x, Tensor context, Workspace kept)
    {
        using var scope = NewDisposeScope();
        var cells = Cells.Of(x);
        var result = Cells.Empty(cells.Size, cells.Channels);
        var memory = Forward(cells.Matrix, States(context.contiguous(), context.shape), result.Matrix, cells.Size.Batch, kept);
        return (result.Map.MoveToOuterDisposeScope(), memory);
    }

    private Tensor?[] Backward(Tensor gradient, Memory memory, bool wantsX, long[] contextShape)
    {
        var cells = Cells.Of(gradient);
        var (ofX, ofContext) = (Cells.Empty(cells.Size, cells.Channels), zeros(contextShape));
        Backward(cells.Matrix, memory, cells.Size.Batch, wantsX ? ofX.Matrix : null, States(ofContext, contextShape));
        return [wantsX ? ofX.Map : null, ofContext];
    }

    private static Matrix States(Tensor context, long[] shape) => Matrix.Of(context, (int)(shape[0] * shape[1]), (int)shape[2]);

    /// <param name="x">(B h w, C)</param>
    /// <param name="context">(B T, D)</param>
    /// <param name="y">(B h w, C)</param>
    /// <param name="batch">B</param>
    /// <param name="kept">where the memory goes</param>
    private Memory Forward(Matrix x, Matrix context, Matrix y, int batch, Workspace kept)
    {
        using var scratch = new Workspace();
        var (normed, cells) = (scratch.Take(x.Rows, x.Columns), scratch.Take(x.Rows, x.Columns));
        var memory = new Memory(norm.Forward(x, normed, batch, kept), new DirectTransformerBlock.Memory[blocks.Length]);
        projectIn.Forward(normed, cells);
        for (var i = 0; i < blocks.Length; i++) memory.Blocks[i] = blocks[i].Forward(cells, context, batch, kept);
        x.Flat.CopyTo(y.Flat);
        projectOut.Forward(cells, y, add: true);
        return memory;
    }

    /// <param name="gradient">of y, (B h w, C)</param>
    /// <param name="memory">of the same rows</param>
    /// <param name="batch">B</param>
    /// <param name="ofX">x's, (B h w, C); null where none is wanted</param>
    /// <param name="ofContext">the context's, (B T, D); added to</param>
    private void Backward(Matrix gradient, Memory memory, int batch, Matrix? ofX, Matrix ofContext)
    {
        using var scratch = new Workspace();
        var (cells, normed) = (scratch.Take(gradient.Rows, gradient.Columns), scratch.Take(gradient.Rows, gradient.Columns));
        projectOut.Backward(gradient, cells);
        for (var i = blocks.Length - 1; i >= 0; i--) blocks[i].Backward(cells, memory.Blocks[i], batch, ofContext, contextAlone: i == 0 && ofX is null);
        if (ofX is not { } result) return;
        projectIn.Backward(cells, normed);
        gradient.Flat.CopyTo(result.Flat);
        norm.Backward(normed, memory.Norm, batch, result);
    }
}

/// <summary>See <see cref="TransformerBlock"/>.</summary>
internal sealed class DirectTransformerBlock(
    DirectLayerNorm norm1, DirectLinear queryKeyValue, DirectLinear output1,
    DirectLayerNorm norm2, DirectLinear query, DirectLinear keyValue, DirectLinear output2,
    DirectLayerNorm norm3, DirectLinear expand, DirectLinear contract, int heads)
{
    internal sealed record Memory(
        DirectLayerNorm.Memory Norm1, Matrix QueryKeyValue, Matrix Probabilities1,
        DirectLayerNorm.Memory Norm2, Matrix Query, Matrix KeyValue, Matrix Probabilities2,
        DirectLayerNorm.Memory Norm3, Matrix LeftSlope, Matrix RightSlope);

    /// <param name="x">(B S, C); becomes the result</param>
    /// <param name="context">(B T, D)</param>
    /// <param name="batch">B</param>
    /// <param name="kept">where the memory goes</param>
    public Memory Forward(Matrix x, Matrix context, int batch, Workspace kept)
    {
        using var scratch = new Workspace();
        var (rows, width) = (x.Rows, x.Columns);
        var (normed, attended) = (scratch.Take(rows, width), scratch.Take(rows, width));
        var attention = new DirectAttention(batch, heads);

        var memory1 = norm1.Forward(x, normed, kept);
        var qkv = kept.Take(rows, 3 * width);
        queryKeyValue.Forward(normed, qkv);
        var probabilities1 = attention.Forward(qkv.Part(0, of: 3), qkv.Part(1, of: 3), qkv.Part(2, of: 3), attended, kept);
        output1.Forward(attended, x, add: true);

        var memory2 = norm2.Forward(x, normed, kept);
        var (q, kv) = (kept.Take(rows, width), kept.Take(context.Rows, 2 * width));
        query.Forward(normed, q);
        keyValue.Forward(context, kv);
        var probabilities2 = attention.Forward(q, kv.Part(0, of: 2), kv.Part(1, of: 2), attended, kept);
        output2.Forward(attended, x, add: true);

        var memory3 = norm3.Forward(x, normed, kept);
        var expanded = scratch.Take(rows, 8 * width);
        expand.Forward(normed, expanded);
        // GEGLU: a gelu(b) of the halves (a, b) of a row (Shazeer 2020, eq. 6)
        var (left, right) = (expanded.Part(0, of: 2), expanded.Part(1, of: 2));
        var (ofLeft, ofRight) = (kept.Take(rows, 4 * width), kept.Take(rows, 4 * width));
        Activations.Gelu(right, ofLeft, ofRight);
        for (var i = 0; i < rows; i++)
        {
            TensorPrimitives.Multiply(ofRight.Row(i), left.Row(i), ofRight.Row(i));
            TensorPrimitives.Multiply(ofLeft.Row(i), left.Row(i), left.Row(i));
        }

        contract.Forward(left, x, add: true);
        return new Memory(memory1, qkv, probabilities1, memory2, q, kv, probabilities2, memory3, ofLeft, ofRight);
    }

    /// <param name="gradient">of the result, (B S, C); becomes that of x</param>
    /// <param name="memory">of the same rows</param>
    /// <param name="batch">B</param>
    /// <param name="ofContext">the context's, (B T, D); added to</param>
    /// <param name="contextAlone">whether x's is not wanted</param>
    public void Backward(Matrix gradient, Memory memory, int batch, Matrix ofContext, bool contextAlone)
    {
        using var scratch = new Workspace();
        var (rows, width) = (gradient.Rows, gradient.Columns);
        var (normed, attended) = (scratch.Take(rows, width), scratch.Take(rows, width));
        var attention = new DirectAttention(batch, heads);

        var (gated, expanded) = (scratch.Take(rows, 4 * width), scratch.Take(rows, 8 * width));
        contract.Backward(gradient, gated);
        for (var i = 0; i < rows; i++)
        {
            TensorPrimitives.Multiply(gated.Row(i), memory.LeftSlope.Row(i), expanded.Part(0, of: 2).Row(i));
            TensorPrimitives.Multiply(gated.Row(i), memory.RightSlope.Row(i), expanded.Part(1, of: 2).Row(i));
        }

        expand.Backward(expanded, normed);
        norm3.Backward(normed, memory.Norm3, gradient);

        output2.Backward(gradient, attended);
        var (q, kv) = (scratch.Take(rows, width), scratch.Take(ofContext.Rows, 2 * width));
        attention.Backward(memory.Query, memory.KeyValue.Part(0, of: 2), memory.KeyValue.Part(1, of: 2), memory.Probabilities2, attended, q, kv.Part(0, of: 2), kv.Part(1, of: 2));
        keyValue.Backward(kv, ofContext, add: true);
        if (contextAlone) return;
        query.Backward(q, normed);
        norm2.Backward(normed, memory.Norm2, gradient);

        output1.Backward(gradient, attended);
        var (qkv, joined) = (scratch.Take(rows, 3 * width), memory.QueryKeyValue);
        attention.Backward(joined.Part(0, of: 3), joined.Part(1, of: 3), joined.Part(2, of: 3), memory.Probabilities1, attended, qkv.Part(0, of: 3), qkv.Part(1, of: 3), qkv.Part(2, of: 3));
        queryKeyValue.Backward(qkv, normed);
        norm1.Backward(normed, memory.Norm1, gradient);
    }
}
