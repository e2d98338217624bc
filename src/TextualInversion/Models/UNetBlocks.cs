using TextualInversion.Checkpoints;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models;

/// <summary>Where a block of the U-Net stands: its weights and the numbers that the config gives for its level.</summary>
internal sealed record UNetLevel(UNetConfig Config, int Index, Weights Weights, long TimeWidth)
{
    public int Channels => Config.BlockOutChannels[Index];

    public int Layers => UNetConfig.At(Config.LayersPerBlock, Index);

    public ResnetBlock Resnet(Weights weights, long inputs) => new(weights, inputs, Channels, Config.NormNumGroups, Config.NormEps, TimeWidth);

    public SpatialTransformer Transformer(Weights weights) =>
        new(weights, Config, Channels, UNetConfig.At(Config.AttentionHeadDim, Index), UNetConfig.At(Config.TransformerLayersPerBlock, Index));
}

/// <summary>A level on the way in: residual blocks, each with a transformer where the level has them, then half the size.</summary>
internal sealed class DownBlock
{
    private readonly ResnetBlock[] resnets;
    private readonly SpatialTransformer[]? transformers;
    private readonly Conv2d? downsample;

    public DownBlock(UNetLevel level, long inputs, bool hasAttention, bool isLast)
    {
        resnets = [.. Enumerable.Range(0, level.Layers).Select(i => level.Resnet(level.Weights / "resnets" / i, i == 0 ? inputs : level.Channels))];
        transformers = hasAttention ? [.. Enumerable.Range(0, level.Layers).Select(i => level.Transformer(level.Weights / "attentions" / i))] : null;
        downsample = isLast ? null : new Conv2d(level.Weights / "downsamplers" / 0 / "conv", level.Channels, level.Channels, kernel: 3, stride: 2, padding: level.Config.DownsamplePadding);
    }

    /// <summary>Puts every result on <paramref name="skips"/>, for the way out; the last one goes on.</summary>
    public Tensor Forward(Tensor x, Tensor time, Tensor encoderHiddenStates, Stack<Tensor> skips)
    {
        for (var i = 0; i < resnets.Length; i++)
        {
            using var scope = NewDisposeScope();
            x = resnets[i].Forward(x, time);
            x = transformers?[i].Forward(x, encoderHiddenStates) ?? x;
            skips.Push(x.MoveToOuterDisposeScope());
        }

        if (downsample is null) return x;
        x = downsample.Forward(x);
        skips.Push(x);
        return x;
    }
}

/// <summary>The innermost level: residual block, transformer, residual block.</summary>
internal sealed class MidBlock(UNetLevel level)
{
    private readonly ResnetBlock first = level.Resnet(level.Weights / "resnets" / 0, level.Channels);
    private readonly SpatialTransformer transformer = level.Transformer(level.Weights / "attentions" / 0);
    private readonly ResnetBlock second = level.Resnet(level.Weights / "resnets" / 1, level.Channels);

    public Tensor Forward(Tensor x, Tensor time, Tensor encoderHiddenStates)
    {
        using var scope = NewDisposeScope();
        x = transformer.Forward(first.Forward(x, time), encoderHiddenStates);
        return second.Forward(x, time).MoveToOuterDisposeScope();
    }
}

/// <summary>A level on the way out: residual blocks over what came and what was put aside on the way in, then twice the size.</summary>
internal sealed class UpBlock
{
    private readonly ResnetBlock[] resnets;
    private readonly SpatialTransformer[]? transformers;
    private readonly Conv2d? upsample;

    /// <param name="level">This level.</param>
    /// <param name="inputs">Channels that come from the level below.</param>
    /// <param name="skipChannels">Channels put aside on the way in, last in first out; shared by the levels.</param>
    /// <param name="hasAttention">Whether a transformer follows each residual block.</param>
    /// <param name="isLast">Whether the size stays.</param>
    public UpBlock(UNetLevel level, long inputs, Stack<long> skipChannels, bool hasAttention, bool isLast)
    {
        var layers = level.Layers + 1; // one more than on the way in: the downsampled result is put aside too
        resnets = [.. Enumerable.Range(0, layers).Select(i => level.Resnet(level.Weights / "resnets" / i, (i == 0 ? inputs : level.Channels) + skipChannels.Pop()))];
        transformers = hasAttention ? [.. Enumerable.Range(0, layers).Select(i => level.Transformer(level.Weights / "attentions" / i))] : null;
        upsample = isLast ? null : new Conv2d(level.Weights / "upsamplers" / 0 / "conv", level.Channels, level.Channels, kernel: 3, padding: 1);
    }

    public Tensor Forward(Tensor x, Tensor time, Tensor encoderHiddenStates, Stack<Tensor> skips)
    {
        for (var i = 0; i < resnets.Length; i++)
        {
            using var scope = NewDisposeScope();
            x = resnets[i].Forward(cat([x, skips.Pop()], dim: 1), time);
            x = (transformers?[i].Forward(x, encoderHiddenStates) ?? x).MoveToOuterDisposeScope();
        }

        if (upsample is null) return x;
        // To the size of what was put aside, which for odd sizes is not quite twice.
        var size = skips.Peek().shape[2..];
        using var larger = F.interpolate(x, size: size, mode: InterpolationMode.Nearest);
        return upsample.Forward(larger);
    }
}
