using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Benchmarks;

/// <summary>What precedes each convolution of a residual block: silu(norm(x)), here of 320 x 64 x 64 cells.</summary>
public class NormAndActivation : LayerBenchmark
{
    private const long Channels = 320;

    private GroupNorm? norm;

    private protected override long[] InputShape => [1, Channels, 64, 64];

    private protected override (string Name, long[] Shape)[] Tensors => [("weight", [Channels]), ("bias", [Channels])];

    private protected override void Build(Weights weights) =>
        norm = new GroupNorm(weights, groups: 32, Channels, epsilon: 1e-5);

    private protected override Tensor Apply(Tensor x) => F.silu(norm!.Forward(x));
}
