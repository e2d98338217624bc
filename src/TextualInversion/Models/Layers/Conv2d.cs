using TextualInversion.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Layers;

/// <summary>
/// A square convolution of (B, C, h, w). Frozen. Kernels that are stored in fewer bits than those of x are widened for
/// each use, see <see cref="WeightStore"/>.
/// </summary>
internal sealed class Conv2d(Weights weights, long inputs, long outputs, int kernel, int stride = 1, int padding = 0)
{
    // oneDNN's widest block of channels.
    private const long ChannelBlock = 16;

    private readonly Tensor weight = weights.Take("weight", outputs, inputs, kernel, kernel);
    private readonly Tensor bias = weights.Take("bias", outputs);
    private Tensor? paddedWeight,
        paddedBias;
    private int paddedVersion = weights.Version;

    public Tensor Forward(Tensor x) => NeedsPadding(x) ? ForwardPadded(x) : Convolve(x, weight, bias);

    /// <summary>
    /// Whether oneDNN needs channels of zeros up to a whole block. On some processors (seen on AMD's Zen 5) the oneDNN
    /// of libtorch 2.10 reads uninitialized memory for a last block that is not full, such as that of the U-Net's 4
    /// output channels: in the gradient of float32 and in any result of bfloat16. The result is wrong without an error.
    /// </summary>
    private bool NeedsPadding(Tensor x) =>
        outputs % ChannelBlock != 0
        && x.device_type == DeviceType.CPU
        && (x.requires_grad || x.dtype != ScalarType.Float32);

    private Tensor ForwardPadded(Tensor x)
    {
        using var scope = NewDisposeScope();
        paddedWeight ??= weights.Keep(Pad(weight));
        paddedBias ??= weights.Keep(Pad(bias));
        if (paddedVersion != weights.Version)
            paddedWeight.narrow(0, 0, outputs).copy_(weight);
        paddedVersion = weights.Version;
        return Convolve(x, paddedWeight, paddedBias).narrow(1, 0, outputs).MoveToOuterDisposeScope();
    }

    private Tensor Pad(Tensor tensor)
    {
        var shape = tensor.shape;
        shape[0] = ChannelBlock - outputs % ChannelBlock;
        return cat([tensor, tensor.new_zeros(shape)], dim: 0);
    }

    private Tensor Convolve(Tensor x, Tensor kernels, Tensor biases) =>
        StoredWeight.Use(
            kernels,
            x.dtype,
            wide => F.conv2d(x, wide, biases, strides: [stride, stride], padding: [padding, padding])
        );
}
