using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using TextualInversion.Models.Unets;
using TextualInversion.Native;
using TextualInversion.Tensors;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Autoencoders;

/// <summary>
/// Encodes pixels as latents (Rombach et al. 2022, section 3.1, the KL-regularized autoencoder). Computes in float32:
/// half precision overflows in some published VAEs, and every image is encoded only once. Frozen.
/// </summary>
internal sealed class VaeEncoder : IDisposable
{
    private readonly WeightStore store;
    private readonly VaeConfig config;
    private readonly Conv2d convIn,
        convOut;
    private readonly ResnetBlock[][] downBlocks;
    private readonly Conv2d[] downsamples;
    private readonly VaeMidBlock midBlock;
    private readonly GroupNorm normOut;
    private readonly Conv2d? quantConv;

    /// <exception cref="TextualInversionException">
    /// The file does not hold the network that the config describes.
    /// </exception>
    public VaeEncoder(VaeConfig config, ITensorFile file, Device device)
    {
        this.config = config;
        store = new WeightStore(file, ScalarType.Float32, device, VaeFile.Only("encoder", "quant_conv"));
        var weights = store.Root / "encoder";
        var channels = config.BlockOutChannels;
        long moments = 2 * config.LatentChannels;
        convIn = new Conv2d(weights / "conv_in", 3, channels[0], kernel: 3, padding: 1);
        downBlocks =
        [
            .. channels.Select(
                (outputs, level) =>
                    Enumerable
                        .Range(0, config.LayersPerBlock)
                        .Select(i => new ResnetBlock(
                            weights / "down_blocks" / level / "resnets" / i,
                            i == 0 ? channels[Math.Max(level - 1, 0)] : outputs,
                            outputs,
                            config.NormNumGroups,
                            VaeConfig.NormEps
                        ))
                        .ToArray()
            ),
        ];
        downsamples =
        [
            .. channels
                .SkipLast(1)
                .Select(
                    (width, level) =>
                        new Conv2d(
                            weights / "down_blocks" / level / "downsamplers" / 0 / "conv",
                            width,
                            width,
                            kernel: 3,
                            stride: 2
                        )
                ),
        ];
        midBlock = new VaeMidBlock(weights / "mid_block", config);
        normOut = new GroupNorm(weights / "conv_norm_out", config.NormNumGroups, channels[^1], VaeConfig.NormEps);
        convOut = new Conv2d(weights / "conv_out", channels[^1], moments, kernel: 3, padding: 1);
        quantConv = config.UseQuantConv ? new Conv2d(store.Root / "quant_conv", moments, moments, kernel: 1) : null;
        store.RequireAllTaken();
    }

    /// <param name="pixels">(B, 3, H, W) in [-1, 1]; H and W are multiples of a latent cell's size.</param>
    /// <returns>The distribution of the scaled latents, (B, 4, h, w).</returns>
    public LatentDistribution Encode(Tensor pixels)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var x = convIn.Forward(pixels);
        for (var level = 0; level < downBlocks.Length; level++)
        {
            foreach (var resnet in downBlocks[level])
                x = VaeMemory.Replace(x, resnet.Forward(x));
            // One row and column of zeros at the end only, as the autoencoder was trained.
            if (level < downsamples.Length)
                x = VaeMemory.Replace(x, downsamples[level].Forward(F.pad(x, [0, 1, 0, 1])));
        }

        var moments = convOut.Forward(F.silu(normOut.Forward(midBlock.Forward(x))));
        moments = quantConv?.Forward(moments) ?? moments; // (B, 8, h, w)
        var parts = moments.chunk(2, dim: 1); // 2 x (B, 4, h, w)
        var mean = parts[0].Times(config.ScalingFactor);
        var std = parts[1].Clamped(-30, 20).Times(0.5).exp().Times(config.ScalingFactor);
        return new LatentDistribution(mean.MoveToOuterDisposeScope(), std.MoveToOuterDisposeScope());
    }

    /// <summary>See <see cref="WeightStore.Hash"/>.</summary>
    public string Hash() => store.Hash();

    public void Dispose() => store.Dispose();
}
