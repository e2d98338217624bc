using TextualInversion.Native;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace TextualInversion.Models.Direct;

/// <summary>Normalises each row.</summary>
internal sealed class DirectLayerNorm(Tensor weight, Tensor bias, double epsilon)
{
    private readonly int width = (int)weight.numel();

    /// <summary>What a gradient needs: the normalised rows, and by what each was multiplied.</summary>
    internal readonly record struct Memory(Matrix Normed, Matrix Scale);

    /// <param name="x">(N, width)</param>
    /// <param name="y">(N, width)</param>
    /// <param name="kept">where the memory goes</param>
    public Memory Forward(Matrix x, Matrix y, Workspace kept)
    {
        var weights = Matrix.Of(weight, 1, width).Row(0);
        var biases = Matrix.Of(bias, 1, width).Row(0);
        var memory = new Memory(kept.Take(x.Rows, width), kept.Take(1, x.Rows));
        var scales = memory.Scale.Row(0);
        for (var i = 0; i < x.Rows; i++)
        {
            var normed = memory.Normed.Row(i);
            TensorPrimitives.Subtract(x.Row(i), TensorPrimitives.Sum(x.Row(i)) / width, normed);
            scales[i] = (float)(1 / Math.Sqrt(TensorPrimitives.SumOfSquares(normed) / width + epsilon));
            TensorPrimitives.Multiply(normed, scales[i], normed);
            TensorPrimitives.MultiplyAdd(normed, weights, biases, y.Row(i));
        }

        return memory;
    }

    /// <summary>Adds to <paramref name="result"/>.</summary>
    /// <param name="gradient">of y, (N, width); overwritten</param>
    /// <param name="memory">of the same rows</param>
    /// <param name="result">of x, (N, width)</param>
    public void Backward(Matrix gradient, Memory memory, Matrix result)
    {
        var weights = Matrix.Of(weight, 1, width).Row(0);
        var scales = memory.Scale.Row(0);
        for (var i = 0; i < gradient.Rows; i++)
        {
            var row = gradient.Row(i);
            var normed = memory.Normed.Row(i);
            TensorPrimitives.Multiply(row, weights, row);
            var (mean, slope) = (TensorPrimitives.Sum<float>(row) / width, TensorPrimitives.Dot<float>(row, normed) / width);
            TensorPrimitives.Subtract(row, mean, row);
            TensorPrimitives.MultiplyAdd(normed, -slope, row, row);
            TensorPrimitives.MultiplyAdd(row, scales[i], result.Row(i), result.Row(i));
        }
    }
}

/// <summary>Normalises each group of channels of each picture, its cells in rows; with silu behind it where asked for.</summary>
internal sealed class DirectGroupNorm(Tensor weight, Tensor bias, int groups, double epsilon, bool silu)
{
    private readonly int channels = (int)weight.numel();

    /// <summary>What a gradient needs: the normalised rows, by what the channels of each picture were multiplied, and silu's slopes.</summary>
    internal readonly record struct Memory(Matrix Normed, Matrix Scale, Matrix Slope);

    /// <param name="x">(B h w, channels)</param>
    /// <param name="y">(B h w, channels)</param>
    /// <param name="batch">B</param>
    /// <param name="kept">where the memory goes</param>
    public Memory Forward(Matrix x, Matrix y, int batch, Workspace kept)
    {
        var weights = Matrix.Of(weight, 1, channels).Row(0);
        var biases = Matrix.Of(bias, 1, channels).Row(0);
        var memory = new Memory(kept.Take(x.Rows, channels), kept.Take(batch, channels), silu ? kept.Take(x.Rows, channels) : default);
        var cells = x.Rows / batch;
        using var scratch = new Workspace();
        Span<float> mean = scratch.Take(1, channels).Row(0), squares = scratch.Take(1, channels).Row(0);
        for (var picture = 0; picture < batch; picture++)
        {
            var scale = memory.Scale.Row(picture);
            mean.Clear();
            squares.Clear();
            for (var i = picture * cells; i < (picture + 1) * cells; i++) TensorPrimitives.Add(mean, x.Row(i), mean);
            MeanOfGroups(mean, cells);
            for (var i = picture * cells; i < (picture + 1) * cells; i++)
            {
                TensorPrimitives.Subtract(x.Row(i), mean, memory.Normed.Row(i));
                TensorPrimitives.MultiplyAdd(memory.Normed.Row(i), memory.Normed.Row(i), squares, squares);
            }

            MeanOfGroups(squares, cells);
            for (var c = 0; c < channels; c++) scale[c] = (float)(1 / Math.Sqrt(squares[c] + epsilon));
            for (var i = picture * cells; i < (picture + 1) * cells; i++)
            {
                TensorPrimitives.Multiply(memory.Normed.Row(i), scale, memory.Normed.Row(i));
                TensorPrimitives.MultiplyAdd(memory.Normed.Row(i), weights, biases, y.Row(i));
                if (silu) Activations.Sigmoid(y.Row(i), memory.Slope.Row(i), steepness: 1);
            }
        }

        return memory;
    }

    /// <summary>Adds to <paramref name="result"/>.</summary>
    /// <param name="gradient">of y, (B h w, channels); overwritten</param>
    /// <param name="memory">of the same rows</param>
    /// <param name="batch">B</param>
    /// <param name="result">of x, (B h w, channels)</param>
    public void Backward(Matrix gradient, Memory memory, int batch, Matrix result)
    {
        var weights = Matrix.Of(weight, 1, channels).Row(0);
        var cells = gradient.Rows / batch;
        using var scratch = new Workspace();
        Span<float> mean = scratch.Take(1, channels).Row(0), slope = scratch.Take(1, channels).Row(0);
        for (var picture = 0; picture < batch; picture++)
        {
            mean.Clear();
            slope.Clear();
            for (var i = picture * cells; i < (picture + 1) * cells; i++)
            {
                var row = gradient.Row(i);
                if (silu) TensorPrimitives.Multiply(row, memory.Slope.Row(i), row);
                TensorPrimitives.Multiply(row, weights, row);
                TensorPrimitives.Add(mean, row, mean);
                TensorPrimitives.MultiplyAdd(row, memory.Normed.Row(i), slope, slope);
            }

            MeanOfGroups(mean, cells);
            MeanOfGroups(slope, cells);
            TensorPrimitives.Negate(slope, slope);
            for (var i = picture * cells; i < (picture + 1) * cells; i++)
            {
                var row = gradient.Row(i);
                TensorPrimitives.Subtract(row, mean, row);
                TensorPrimitives.MultiplyAdd(memory.Normed.Row(i), slope, row, row);
                TensorPrimitives.MultiplyAdd(row, memory.Scale.Row(picture), result.Row(i), result.Row(i));
            }
        }
    }

    /// <summary>From each channel's sum over cells to the mean over its group.</summary>
    private void MeanOfGroups(Span<float> sums, int cells)
    {
        var width = channels / groups;
        for (var start = 0; start < channels; start += width)
        {
            var group = sums.Slice(start, width);
            group.Fill(TensorPrimitives.Sum<float>(group) / (width * cells));
        }
    }
}
