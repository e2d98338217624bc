using TextualInversion.Native;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace TextualInversion.Models.Direct;

/// <summary>softmax(q k^T / sqrt(d)) v for each head and picture (Vaswani et al. 2017, eq. 1), with the probabilities kept.</summary>
/// <param name="batch">B</param>
/// <param name="heads">Into so many parts the columns are cut.</param>
/// <param name="causal">Whether a position sees only itself and those before it.</param>
internal sealed class DirectAttention(int batch, int heads, bool causal = false)
{
    /// <param name="q">(B S, C)</param>
    /// <param name="k">(B T, C)</param>
    /// <param name="v">(B T, C)</param>
    /// <param name="result">(B S, C)</param>
    /// <param name="kept">where the probabilities go</param>
    /// <returns>the probabilities, (B heads S, T)</returns>
    public Matrix Forward(Matrix q, Matrix k, Matrix v, Matrix result, Workspace kept)
    {
        var probabilities = kept.Take(heads * q.Rows, k.Rows / batch);
        var scale = (float)(1 / Math.Sqrt(q.Columns / heads));
        for (var i = 0; i < batch * heads; i++)
        {
            var p = Part(probabilities, i);
            Blas.Multiply(Head(q, i), Head(k, i), p, transposeB: true, scale: scale);
            for (var row = 0; row < p.Rows; row++)
            {
                var seen = causal ? row + 1 : p.Columns;
                SoftMax(p.Row(row)[..seen]);
                p.Row(row)[seen..].Clear();
            }

            Blas.Multiply(p, Head(v, i), Head(result, i));
        }

        return probabilities;
    }

    /// <param name="q">(B S, C)</param>
    /// <param name="k">(B T, C)</param>
    /// <param name="v">(B T, C)</param>
    /// <param name="probabilities">what <see cref="Forward"/> gave</param>
    /// <param name="gradient">of the result, (B S, C)</param>
    /// <param name="ofQ">its gradient, of its shape; as the next two</param>
    /// <param name="ofK">(B T, C)</param>
    /// <param name="ofV">(B T, C)</param>
    public void Backward(Matrix q, Matrix k, Matrix v, Matrix probabilities, Matrix gradient, Matrix ofQ, Matrix ofK, Matrix ofV)
    {
        using var scratch = new Workspace();
        var slopes = scratch.Take(q.Rows / batch, probabilities.Columns);
        var scale = (float)(1 / Math.Sqrt(q.Columns / heads));
        for (var i = 0; i < batch * heads; i++)
        {
            var p = Part(probabilities, i);
            Blas.Multiply(p, Head(gradient, i), Head(ofV, i), transposeA: true);
            Blas.Multiply(Head(gradient, i), Head(v, i), slopes, transposeB: true);
            for (var row = 0; row < p.Rows; row++)
            {
                var slope = slopes.Row(row);
                TensorPrimitives.Subtract(slope, TensorPrimitives.Dot<float>(slope, p.Row(row)), slope);
                TensorPrimitives.Multiply(slope, p.Row(row), slope);
            }

            Blas.Multiply(slopes, Head(k, i), Head(ofQ, i), scale: scale);
            Blas.Multiply(slopes, Head(q, i), Head(ofK, i), transposeA: true, scale: scale);
        }
    }

    private static void SoftMax(Span<float> row)
    {
        TensorPrimitives.Subtract(row, TensorPrimitives.Max<float>(row), row);
        TensorPrimitives.Exp(row, row);
        TensorPrimitives.Divide(row, TensorPrimitives.Sum<float>(row), row);
    }

    private Matrix Part(Matrix probabilities, int index)
    {
        var rows = probabilities.Rows / (batch * heads);
        return probabilities.RowRange(index * rows, rows);
    }

    private Matrix Head(Matrix states, int index)
    {
        var rows = states.Rows / batch;
        return states.RowRange(index / heads * rows, rows).Part(index % heads, of: heads);
    }
}
