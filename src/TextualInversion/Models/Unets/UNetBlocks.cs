using TextualInversion.Checkpoints;
using TextualInversion.Models.Autograd;
using TextualInversion.Models.Layers;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Unets;

/// <summary>The weights and settings of one block of the U-Net.</summary>
internal sealed record UNetLevel(
    UNetConfig Config,
    int Index,
    Weights Weights,
    long TimeWidth,
    GradientCheckpoint GradientCheckpoint
)
{
    public int Channels => Config.BlockOutChannels[Index];

    public int Layers => UNetConfig.At(Config.LayersPerBlock, Index);

    public ResnetBlock Resnet(Weights weights, long inputs) =>
        new(weights, inputs, Channels, Config.NormNumGroups, Config.NormEps, TimeWidth);

    public SpatialTransformer Transformer(Weights weights) =>
        new(
            weights,
            Config,
            Channels,
            UNetConfig.At(Config.AttentionHeadDim, Index),
            UNetConfig.At(Config.TransformerLayersPerBlock, Index)
        );

    public UNetLayer Layer(int index, long inputs, bool hasAttention) =>
        new(
            Resnet(Weights / "resnets" / index, inputs),
            hasAttention ? Transformer(Weights / "attentions" / index) : null,
            GradientCheckpoint
        );
}

/// <summary>A residual block, followed by a transformer on levels with attention.</summary>
internal sealed class UNetLayer(ResnetBlock resnet, SpatialTransformer? transformer, GradientCheckpoint checkpoint)
{
    public Tensor Forward(Tensor x, Tensor time, Tensor encoderHiddenStates)
    {
        using var scope = NewDisposeScope();
        if (!checkpoint.IsEnabled)
        {
            // Views: what a layer gives for the gradient of an input is summed before that of other layers is added, as
            // in a checkpoint.
            var result = Compute(x.view_as(x), time, encoderHiddenStates.view_as(encoderHiddenStates));
            return result.MoveToOuterDisposeScope();
        }

        // A checkpoint gets only what its result depends on: without a transformer, the prompt does not count.
        var checkpointed = transformer is null
            ? checkpoint.Run(inputs => Compute(inputs[0], inputs[1], encoderHiddenStates), x, time)
            : checkpoint.Run(inputs => Compute(inputs[0], inputs[1], inputs[2]), x, time, encoderHiddenStates);
        return checkpointed.MoveToOuterDisposeScope();
    }

    private Tensor Compute(Tensor x, Tensor time, Tensor encoderHiddenStates)
    {
        using var scope = NewDisposeScope();
        x = resnet.Forward(x, time);
        return (transformer?.Forward(x, encoderHiddenStates) ?? x).MoveToOuterDisposeScope();
    }
}

/// <summary>
/// Down block: residual blocks, each followed by a transformer on levels with attention; then downsampling to half the
/// size, except on the last level.
/// </summary>
internal sealed class DownBlock
{
    private readonly UNetLayer[] layers;
    private readonly Conv2d? downsample;

    public DownBlock(UNetLevel level, long inputs, bool hasAttention, bool isLast)
    {
        layers =
        [
            .. Enumerable
                .Range(0, level.Layers)
                .Select(i => level.Layer(i, i == 0 ? inputs : level.Channels, hasAttention)),
        ];
        downsample = isLast
            ? null
            : new Conv2d(
                level.Weights / "downsamplers" / 0 / "conv",
                level.Channels,
                level.Channels,
                kernel: 3,
                stride: 2,
                padding: level.Config.DownsamplePadding
            );
    }

    /// <summary>Pushes every result on <paramref name="skips"/>, for the up blocks, and returns the last one.</summary>
    public Tensor Forward(Tensor x, Tensor time, Tensor encoderHiddenStates, Stack<Tensor> skips)
    {
        foreach (var layer in layers)
        {
            x = layer.Forward(x, time, encoderHiddenStates);
            skips.Push(x);
        }

        if (downsample is null)
            return x;
        x = downsample.Forward(x);
        skips.Push(x);
        return x;
    }
}

/// <summary>Mid block: residual block, transformer, residual block.</summary>
internal sealed class MidBlock(UNetLevel level)
{
    private readonly UNetLayer first = level.Layer(0, level.Channels, hasAttention: true);
    private readonly UNetLayer second = level.Layer(1, level.Channels, hasAttention: false);

    public Tensor Forward(Tensor x, Tensor time, Tensor encoderHiddenStates)
    {
        using var scope = NewDisposeScope();
        return second
            .Forward(first.Forward(x, time, encoderHiddenStates), time, encoderHiddenStates)
            .MoveToOuterDisposeScope();
    }
}

/// <summary>
/// Up block: residual blocks over the previous result and a skip connection, each followed by a transformer on levels
/// with attention; then upsampling to twice the size, except on the last level.
/// </summary>
internal sealed class UpBlock
{
    private readonly UNetLayer[] layers;
    private readonly Conv2d? upsample;

    /// <param name="level">This level.</param>
    /// <param name="inputs">Channels of the previous block's result.</param>
    /// <param name="skipChannels">Channels of the skip connections, last in first out; shared by the levels.</param>
    /// <param name="hasAttention">Whether a transformer follows each residual block.</param>
    /// <param name="isLast">Whether there is no upsampling.</param>
    public UpBlock(UNetLevel level, long inputs, Stack<long> skipChannels, bool hasAttention, bool isLast)
    {
        // One more than in the down block, whose downsampled result is a skip connection too.
        layers =
        [
            .. Enumerable
                .Range(0, level.Layers + 1)
                .Select(i => level.Layer(i, (i == 0 ? inputs : level.Channels) + skipChannels.Pop(), hasAttention)),
        ];
        upsample = isLast
            ? null
            : new Conv2d(
                level.Weights / "upsamplers" / 0 / "conv",
                level.Channels,
                level.Channels,
                kernel: 3,
                padding: 1
            );
    }

    public Tensor Forward(Tensor x, Tensor time, Tensor encoderHiddenStates, Stack<Tensor> skips)
    {
        foreach (var layer in layers)
        {
            using var scope = NewDisposeScope();
            x = layer.Forward(cat([x, skips.Pop()], dim: 1), time, encoderHiddenStates).MoveToOuterDisposeScope();
        }

        if (upsample is null)
            return x;
        using var larger = Enlarge(x, skips.Peek().shape[2], skips.Peek().shape[3]);
        return upsample.Forward(larger);
    }

    /// <summary>Enlarges to the size of the next skip connection, which for odd sizes is not quite twice.</summary>
    private static Tensor Enlarge(Tensor x, long height, long width)
    {
        var (h, w) = (x.shape[2], x.shape[3]);
        if ((height, width) != (2 * h, 2 * w))
            return F.interpolate(x, size: [height, width], mode: InterpolationMode.Nearest);
        using var scope = NewDisposeScope();
        // The same as interpolate, several times faster for small maps.
        var twice = x.unsqueeze(3).unsqueeze(5).expand(-1, -1, -1, 2, -1, 2); // (B, C, h, 2, w, 2)
        return twice.reshape(x.shape[0], x.shape[1], height, width).MoveToOuterDisposeScope();
    }
}
