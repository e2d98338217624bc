using TextualInversion.Checkpoints;
using TextualInversion.Models.Autograd;
using TextualInversion.Models.Direct;
using TextualInversion.Native;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Layers;

/// <summary>y = x W^T + b over the last axis. Frozen.</summary>
internal sealed class Linear
{
    // Below so many multiplications the longer way to oneDNN is not won back.
    private const long WorthWhile = 1 << 21;

    private readonly Tensor weight;
    private readonly Tensor? bias;

    public Linear(Weights weights, long inputs, long outputs, bool hasBias = true)
        : this(weights.Take("weight", outputs, inputs), hasBias ? weights.Take("bias", outputs) : null)
    {
    }

    public Linear(Tensor weight, Tensor? bias)
    {
        this.weight = weight;
        this.bias = bias;
        ByOneDnn = new FrozenMap(x => OneDnn.Linear(x, weight, bias), Transposed);
    }

    /// <summary>The layer for what <see cref="Layers.SuitOneDnn"/> holds of.</summary>
    internal FrozenMap ByOneDnn { get; }

    /// <summary>A copy of layers of the same input, one behind the other in the output.</summary>
    public static Linear Join(Weights weights, Linear[] layers)
    {
        var biases = layers.Select(layer => layer.bias).OfType<Tensor>().ToList();
        return new Linear(weights.Keep(cat([.. layers.Select(layer => layer.weight)], dim: 0)), biases.Count == 0 ? null : weights.Keep(cat(biases, dim: 0)));
    }

    /// <param name="keep">see <see cref="Weights.Keep"/></param>
    public DirectLinear Direct(Func<Tensor, Tensor> keep) => new(weight, bias, keep);

    public Tensor Forward(Tensor x) =>
        OneDnn.BeatsMkl && Layers.SuitOneDnn(x) && x.numel() * weight.shape[0] >= WorthWhile ? ByOneDnn.Forward(x) : F.linear(x, weight, bias);

    private Tensor Transposed(Tensor gradient)
    {
        using var transposed = weight.t(); // (inputs, outputs)
        return OneDnn.Linear(gradient, transposed, bias: null);
    }
}

/// <summary>A square convolution of (B, C, h, w). Frozen.</summary>
internal sealed class Conv2d(Weights weights, long inputs, long outputs, int kernel, int stride = 1, int padding = 0)
{
    private readonly Tensor weight = weights.Take("weight", outputs, inputs, kernel, kernel);
    private readonly Tensor bias = weights.Take("bias", outputs);
    // PyTorch leaves small convolutions to a slower way, and oneDNN would spend more time on the order of the weights than on them.
    private readonly bool canPack = weights.MayReorder && stride == 1 && 2 * padding == kernel - 1 && inputs * outputs * kernel * kernel <= Layers.ReorderedUpTo;
    private FrozenMap? packed;

    public Tensor Forward(Tensor x)
    {
        if (!canPack || !Layers.SuitOneDnn(x)) return F.conv2d(x, weight, bias, strides: [stride, stride], padding: [padding, padding]);
        if (kernel == 1) return Pointwise(x);
        var map = Packed(x);
        // oneDNN gives the channels last in memory: fine for those who bring them so, for others one copy now is better than one for each operation to come.
        return x.is_contiguous() ? new FrozenMap(InOrder(map.Apply), InOrder(map.ApplyTransposed)).Forward(x) : map.Forward(x);
    }

    /// <summary>With packed weights, for maps like <paramref name="x"/>; gives the channels last in memory.</summary>
    public FrozenMap Packed(Tensor x) => packed ??= Pack(x);

    /// <summary>A convolution of one pixel, as the product that it is.</summary>
    public DirectLinear Direct() => new(weights.Keep(weight.view(outputs, inputs)), bias, weights.Keep);

    // oneDNN would bring the cells into its order and back, several times what the product takes.
    private Tensor Pointwise(Tensor x)
    {
        using var scope = NewDisposeScope();
        long batch = x.shape[0], height = x.shape[2], width = x.shape[3];
        var matrices = weight.view(1, outputs, inputs).expand(batch, outputs, inputs);
        var cells = matrices.bmm(x.reshape(batch, inputs, height * width)); // (B, outputs, h w)
        return cells.Plus(bias.view(1, outputs, 1)).view(batch, outputs, height, width).MoveToOuterDisposeScope();
    }

    // The transpose of such a convolution is one with the channels exchanged and the kernel turned around.
    private FrozenMap Pack(Tensor x)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var shape = x.shape;
        shape[1] = outputs;
        var forward = weights.Keep(OneDnn.Pack(weight, x, padding));
        var backward = weights.Keep(OneDnn.Pack(weight.transpose(0, 1).flip(2, 3).contiguous(), zeros(shape), padding));
        return new FrozenMap(input => OneDnn.Convolve(input, forward, bias, padding), gradient => OneDnn.Convolve(gradient, backward, bias: null, padding));
    }

    private static Func<Tensor, Tensor> InOrder(Func<Tensor, Tensor> function) => x =>
    {
        using var channelsLast = function(x);
        return channelsLast.contiguous();
    };
}

/// <summary>Normalises each group of channels of (B, C, …). Frozen.</summary>
internal sealed class GroupNorm(Weights weights, long groups, long channels, double epsilon)
{
    private readonly Tensor weight = weights.Take("weight", channels);
    private readonly Tensor bias = weights.Take("bias", channels);

    /// <param name="silu">whether it is to follow</param>
    public DirectGroupNorm Direct(bool silu) => new(weight, bias, (int)groups, epsilon, silu);

    public Tensor Forward(Tensor x)
    {
        using var ordered = x.contiguous(); // PyTorch loses digits where the channels come last in memory
        return F.group_norm(ordered, groups, weight, bias, epsilon);
    }
}

/// <summary>Normalises the last axis. Frozen.</summary>
internal sealed class LayerNorm(Weights weights, long width, double epsilon)
{
    private readonly Tensor weight = weights.Take("weight", width);
    private readonly Tensor bias = weights.Take("bias", width);

    public DirectLayerNorm Direct() => new(weight, bias, epsilon);

    public Tensor Forward(Tensor x) => F.layer_norm(x, [width], weight, bias, epsilon);
}

internal static class Layers
{
    /// <summary>The most weights of a layer of which a second and third copy, in an order that is faster, are worth their memory.</summary>
    public const long ReorderedUpTo = 1 << 20;

    private static readonly Scalar One = 1;

    /// <summary>
    /// x + y. TorchSharp's operator makes a scalar 1 each time and lets go of it before libtorch has read it: should the garbage collector run
    /// in that moment, its finalizer frees it too early. Seen on a busy machine, so the networks' sums, a hundred a step, share one that stays.
    /// </summary>
    public static Tensor Plus(this Tensor x, Tensor y) => x.add(y, One);

    /// <summary>Whether oneDNN is there for a tensor's type and place.</summary>
    public static bool SuitOneDnn(Tensor x) => OneDnn.IsAvailable && x.device_type == DeviceType.CPU && x.dtype == ScalarType.Float32;
}
