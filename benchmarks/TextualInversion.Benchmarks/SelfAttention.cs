using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using static TorchSharp.torch;

namespace TextualInversion.Benchmarks;

/// <summary>The self-attention of 64 x 64 cells with 8 heads of 40, with its four projections.</summary>
public class SelfAttention : LayerBenchmark
{
    private const long Width = 320;

    private Attention? attention;

    private protected override long[] InputShape => [1, 64 * 64, Width];

    private protected override (string Name, long[] Shape)[] Tensors =>
        [
            ("to_q.weight", [Width, Width]),
            ("to_k.weight", [Width, Width]),
            ("to_v.weight", [Width, Width]),
            ("to_out.0.weight", [Width, Width]),
            ("to_out.0.bias", [Width]),
        ];

    private protected override void Build(Weights weights) =>
        attention = new Attention(weights, AttentionNames.Diffusers, Width, heads: 8, hasBias: false);

    private protected override Tensor Apply(Tensor x) => attention!.Forward(x);
}
