using TextualInversion.Models.Clip;
using TextualInversion.Native;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace TextualInversion.Models.Direct;

/// <summary>See <see cref="ClipLayer"/>.</summary>
internal sealed class DirectClipLayer(
    DirectLayerNorm attentionNorm, DirectLinear queryKeyValue, DirectLinear output,
    DirectLayerNorm mlpNorm, DirectLinear expand, DirectLinear contract, int mlpWidth, int heads, bool causal, bool quickGelu)
{
    private sealed record Memory(DirectLayerNorm.Memory AttentionNorm, Matrix QueryKeyValue, Matrix Probabilities, DirectLayerNorm.Memory MlpNorm, Matrix Slope);

    /// <param name="x">(B, S, width)</param>
    /// <returns>(B, S, width)</returns>
    public Tensor Run(Tensor x) => DirectBlock.Run(kept => Forward(x, kept), (gradient, memory) => [Backward(gradient, memory)], x);

    private (Tensor Result, Memory Memory) Forward(Tensor x, Workspace kept)
    {
        using var scratch = new Workspace();
        var result = x.contiguous().clone();
        var states = States(result);
        var (rows, width) = (states.Rows, states.Columns);
        var (normed, attended) = (scratch.Take(rows, width), scratch.Take(rows, width));

        var attentionMemory = attentionNorm.Forward(states, normed, kept);
        var qkv = kept.Take(rows, 3 * width);
        queryKeyValue.Forward(normed, qkv);
        var probabilities = Attention(x).Forward(qkv.Part(0, of: 3), qkv.Part(1, of: 3), qkv.Part(2, of: 3), attended, kept);
        output.Forward(attended, states, add: true);

        var mlpMemory = mlpNorm.Forward(states, normed, kept);
        var (hidden, slope) = (scratch.Take(rows, mlpWidth), kept.Take(rows, mlpWidth));
        expand.Forward(normed, hidden);
        if (quickGelu)
        {
            Activations.Sigmoid(hidden.Flat, slope.Flat, Activations.QuickGelu);
        }
        else
        {
            var value = scratch.Take(rows, mlpWidth);
            Activations.Gelu(hidden, value, slope);
            hidden = value;
        }

        contract.Forward(hidden, states, add: true);
        return (result, new Memory(attentionMemory, qkv, probabilities, mlpMemory, slope));
    }

    private Tensor Backward(Tensor gradient, Memory memory)
    {
        using var scratch = new Workspace();
        var result = gradient.contiguous().clone();
        var states = States(result);
        var (rows, width) = (states.Rows, states.Columns);
        var (normed, attended, hidden, qkv) = (scratch.Take(rows, width), scratch.Take(rows, width), scratch.Take(rows, mlpWidth), scratch.Take(rows, 3 * width));

        contract.Backward(states, hidden);
        TensorPrimitives.Multiply(hidden.Flat, memory.Slope.Flat, hidden.Flat);
        expand.Backward(hidden, normed);
        mlpNorm.Backward(normed, memory.MlpNorm, states);

        output.Backward(states, attended);
        var joined = memory.QueryKeyValue;
        Attention(gradient).Backward(joined.Part(0, of: 3), joined.Part(1, of: 3), joined.Part(2, of: 3), memory.Probabilities, attended, qkv.Part(0, of: 3), qkv.Part(1, of: 3), qkv.Part(2, of: 3));
        queryKeyValue.Backward(qkv, normed);
        attentionNorm.Backward(normed, memory.AttentionNorm, states);
        return result;
    }

    private static Matrix States(Tensor x) => Matrix.Of(x, (int)(x.shape[0] * x.shape[1]), (int)x.shape[2]);

    private DirectAttention Attention(Tensor x) => new((int)x.shape[0], heads, causal);
}
