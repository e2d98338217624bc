using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using TextualInversion.Models.Unets;
using TextualInversion.Native;
using TextualInversion.Tensors;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Autoencoders;

/// <summary>
/// Decodes latents to pixels; the other half of <see cref="VaeEncoder"/>. Computes in float32. Frozen.
/// </summary>
internal sealed class VaeDecoder : IDisposable
{
    private readonly WeightStore store;
    private readonly VaeConfig config;
    private readonly Conv2d? postQuantConv;
    private readonly Conv2d convIn,
        convOut;
    private readonly VaeMidBlock midBlock;
    private readonly ResnetBlock[][] upBlocks;
    private readonly Conv2d[] upsamples;
    private readonly GroupNorm normOut;

    /// <exception cref="TextualInversionException">
    /// The file does not hold the network that the config describes.
    /// </exception>
    public VaeDecoder(VaeConfig config, ITensorFile file, Device device)
    {
        this.config = config;
        store = new WeightStore(file, ScalarType.Float32, device, VaeFile.Only("decoder", "post_quant_conv"));
        var weights = store.Root / "decoder";
        var channels = config.BlockOutChannels.Reverse().ToArray(); // innermost first
        postQuantConv = config.UsePostQuantConv
            ? new Conv2d(store.Root / "post_quant_conv", config.LatentChannels, config.LatentChannels, kernel: 1)
            : null;
        convIn = new Conv2d(weights / "conv_in", config.LatentChannels, channels[0], kernel: 3, padding: 1);
        midBlock = new VaeMidBlock(weights / "mid_block", config);
        upBlocks =
        [
            .. channels.Select(
                (outputs, level) =>
                    Enumerable
                        .Range(0, config.LayersPerBlock + 1)
                        .Select(i => new ResnetBlock(
                            weights / "up_blocks" / level / "resnets" / i,
                            i == 0 ? channels[Math.Max(level - 1, 0)] : outputs,
                            outputs,
                            config.NormNumGroups,
                            VaeConfig.NormEps
                        ))
                        .ToArray()
            ),
        ];
        upsamples =
        [
            .. channels
                .SkipLast(1)
                .Select(
                    (width, level) =>
                        new Conv2d(
                            weights / "up_blocks" / level / "upsamplers" / 0 / "conv",
                            width,
                            width,
                            kernel: 3,
                            padding: 1
                        )
                ),
        ];
        normOut = new GroupNorm(weights / "conv_norm_out", config.NormNumGroups, channels[^1], VaeConfig.NormEps);
        convOut = new Conv2d(weights / "conv_out", channels[^1], 3, kernel: 3, padding: 1);
        store.RequireAllTaken();
    }

    /// <param name="latents">(B, 4, h, w), scaled.</param>
    /// <returns>(B, 3, H, W), approximately in [-1, 1], not clamped.</returns>
    public Tensor Decode(Tensor latents)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var x = latents.DividedBy(config.ScalingFactor);
        x = convIn.Forward(postQuantConv?.Forward(x) ?? x);
        x = midBlock.Forward(x);
        for (var level = 0; level < upBlocks.Length; level++)
        {
            foreach (var resnet in upBlocks[level])
                x = VaeMemory.Replace(x, resnet.Forward(x));
            if (level < upsamples.Length)
                x = VaeMemory.Replace(x, Upsample(x, upsamples[level]));
        }

        return convOut.Forward(F.silu(normOut.Forward(x))).MoveToOuterDisposeScope();
    }

    public void Dispose() => store.Dispose();

    private static Tensor Upsample(Tensor x, Conv2d conv)
    {
        using var larger = F.interpolate(x, scale_factor: [2, 2], mode: InterpolationMode.Nearest);
        return conv.Forward(larger);
    }
}
