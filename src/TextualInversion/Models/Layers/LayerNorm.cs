using TextualInversion.Checkpoints;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Layers;

/// <summary>Normalizes the last axis. Frozen.</summary>
internal sealed class LayerNorm(Weights weights, long width, double epsilon)
{
    private readonly Tensor weight = weights.Take("weight", width);
    private readonly Tensor bias = weights.Take("bias", width);

    public Tensor Forward(Tensor x) => F.layer_norm(x, [width], weight, bias, epsilon);
}
