using TextualInversion.Checkpoints;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Layers;

/// <summary>Normalizes each group of channels of (B, C, …). Frozen.</summary>
internal sealed class GroupNorm(Weights weights, long groups, long channels, double epsilon)
{
    private readonly Tensor weight = weights.Take("weight", channels);
    private readonly Tensor bias = weights.Take("bias", channels);

    public Tensor Forward(Tensor x)
    {
        using var ordered = x.contiguous(); // PyTorch loses digits where the channels come last in memory
        return F.group_norm(ordered, groups, weight, bias, epsilon);
    }
}
