using TextualInversion.Native;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace TextualInversion.Models.Direct;

/// <summary>y = x W^T + b over rows.</summary>
internal sealed class DirectLinear
{
    private readonly Tensor weight, transposed;
    private readonly Tensor? bias;
    private readonly int inputs, outputs;

    /// <param name="weight">(outputs, inputs)</param>
    /// <param name="bias">(outputs)</param>
    /// <param name="keep">takes over a tensor made here, see <see cref="Checkpoints.Weights.Keep"/></param>
    public DirectLinear(Tensor weight, Tensor? bias, Func<Tensor, Tensor> keep)
    {
        (outputs, inputs) = ((int)weight.shape[0], (int)weight.shape[1]);
        this.weight = weight.is_contiguous() ? weight : keep(weight.contiguous());
        this.bias = bias;
        transposed = keep(weight.t().contiguous()); // either way the product reads it in order, twice as fast for few rows
    }

    /// <param name="x">(N, inputs)</param>
    /// <param name="y">(N, outputs)</param>
    /// <param name="add">whether to add to what is there</param>
    public void Forward(Matrix x, Matrix y, bool add = false)
    {
        if (bias is not null) Rows.Add(y, Matrix.Of(bias, 1, outputs).Row(0), add);
        Blas.Multiply(x, Matrix.Of(transposed, inputs, outputs), y, add: add || bias is not null);
    }

    /// <param name="gradient">of y, (N, outputs)</param>
    /// <param name="result">of x, (N, inputs)</param>
    /// <param name="add">whether to add to what is there</param>
    public void Backward(Matrix gradient, Matrix result, bool add = false) => Blas.Multiply(gradient, Matrix.Of(weight, outputs, inputs), result, add: add);
}

/// <summary>Sums over the rows of matrices.</summary>
internal static class Rows
{
    /// <summary>Puts the same numbers into every row, or adds them to it.</summary>
    public static void Add(Matrix matrix, ReadOnlySpan<float> numbers, bool add)
    {
        for (var i = 0; i < matrix.Rows; i++)
        {
            if (add) TensorPrimitives.Add(matrix.Row(i), numbers, matrix.Row(i));
            else numbers.CopyTo(matrix.Row(i));
        }
    }
}
