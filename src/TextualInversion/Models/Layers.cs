using TextualInversion.Checkpoints;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models;

/// <summary>y = x W^T + b over the last axis. Frozen.</summary>
internal sealed class Linear(Weights weights, long inputs, long outputs, bool hasBias = true)
{
    private readonly Tensor weight = weights.Take("weight", outputs, inputs);
    private readonly Tensor? bias = hasBias ? weights.Take("bias", outputs) : null;

    public Tensor Forward(Tensor x) => F.linear(x, weight, bias);
}

/// <summary>A square convolution of (B, C, h, w). Frozen.</summary>
internal sealed class Conv2d(Weights weights, long inputs, long outputs, int kernel, int stride = 1, int padding = 0)
{
    private readonly Tensor weight = weights.Take("weight", outputs, inputs, kernel, kernel);
    private readonly Tensor bias = weights.Take("bias", outputs);

    public Tensor Forward(Tensor x) => F.conv2d(x, weight, bias, strides: [stride, stride], padding: [padding, padding]);
}

/// <summary>Normalises each group of channels of (B, C, …). Frozen.</summary>
internal sealed class GroupNorm(Weights weights, long groups, long channels, double epsilon)
{
    private readonly Tensor weight = weights.Take("weight", channels);
    private readonly Tensor bias = weights.Take("bias", channels);

    public Tensor Forward(Tensor x) => F.group_norm(x, groups, weight, bias, epsilon);
}

/// <summary>Normalises the last axis. Frozen.</summary>
internal sealed class LayerNorm(Weights weights, long width, double epsilon)
{
    private readonly Tensor weight = weights.Take("weight", width);
    private readonly Tensor bias = weights.Take("bias", width);

    public Tensor Forward(Tensor x) => F.layer_norm(x, [width], weight, bias, epsilon);
}
