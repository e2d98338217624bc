using TextualInversion.Checkpoints;
using TextualInversion.Models.Autograd;
using TextualInversion.Models.Layers;
using TextualInversion.Native;
using TextualInversion.Tensors;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Unets;

/// <summary>
/// The denoising network of Stable Diffusion (Rombach et al. 2022): a U-Net over latents whose transformers attend to
/// the prompt. Frozen: gradients reach only what is passed in.
/// </summary>
internal sealed class UNet : IDisposable
{
    private readonly WeightStore store;
    private readonly GradientCheckpoint checkpoint;
    private readonly ScalarType type;
    private readonly TimestepEmbedding timeEmbedding;
    private readonly TextTimeEmbedding? addEmbedding;
    private readonly Conv2d convIn,
        convOut;
    private readonly GroupNorm normOut;
    private readonly DownBlock[] downBlocks;
    private readonly MidBlock midBlock;
    private readonly UpBlock[] upBlocks;

    /// <param name="config">The widths and depths.</param>
    /// <param name="file">The weights.</param>
    /// <param name="type">The type to compute in: float32, bfloat16 or float16.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="gradientCheckpointing">
    /// Whether the backward pass computes activations again instead of keeping them.
    /// </param>
    /// <param name="keepsHalf">Whether weights stay in the half precision of the file, see
    /// <see cref="WeightStore"/>.</param>
    /// <exception cref="TextualInversionException">
    /// The file does not hold the network that the config describes.
    /// </exception>
    public UNet(
        UNetConfig config,
        ITensorFile file,
        ScalarType type,
        Device device,
        bool gradientCheckpointing = false,
        bool keepsHalf = false
    )
    {
        checkpoint = new GradientCheckpoint { IsEnabled = gradientCheckpointing };
        this.type = type;
        store = new WeightStore(file, type, device, key => key, keepsHalf);
        var weights = store.Root;
        var channels = config.BlockOutChannels;
        var last = channels.Count - 1;
        timeEmbedding = new TimestepEmbedding(weights / "time_embedding", config);
        addEmbedding = config.AdditionEmbedType is null
            ? null
            : new TextTimeEmbedding(weights / "add_embedding", config, timeEmbedding.Width);
        convIn = new Conv2d(weights / "conv_in", config.InChannels, channels[0], kernel: 3, padding: 1);

        var skipChannels = new Stack<long>([channels[0]]);
        downBlocks = new DownBlock[channels.Count];
        for (var i = 0; i <= last; i++)
        {
            var level = new UNetLevel(config, i, weights / "down_blocks" / i, timeEmbedding.Width, checkpoint);
            downBlocks[i] = new DownBlock(
                level,
                channels[Math.Max(i - 1, 0)],
                config.HasDownAttention(i),
                isLast: i == last
            );
            for (var pushes = level.Layers + (i == last ? 0 : 1); pushes > 0; pushes--)
                skipChannels.Push(channels[i]);
        }

        midBlock = new MidBlock(new UNetLevel(config, last, weights / "mid_block", timeEmbedding.Width, checkpoint));
        upBlocks = new UpBlock[channels.Count];
        for (var i = 0; i <= last; i++)
        {
            var level = new UNetLevel(config, last - i, weights / "up_blocks" / i, timeEmbedding.Width, checkpoint);
            upBlocks[i] = new UpBlock(
                level,
                channels[Math.Min(last - i + 1, last)],
                skipChannels,
                config.HasUpAttention(i),
                isLast: i == last
            );
        }

        normOut = new GroupNorm(weights / "conv_norm_out", config.NormNumGroups, channels[0], config.NormEps);
        convOut = new Conv2d(weights / "conv_out", channels[0], config.OutChannels, kernel: 3, padding: 1);
        store.RequireAllTaken();
    }

    /// <summary>
    /// Whether the backward pass computes activations again instead of keeping them. It may change between two passes.
    /// </summary>
    public bool UsesGradientCheckpointing
    {
        get => checkpoint.IsEnabled;
        set => checkpoint.IsEnabled = value;
    }

    /// <summary>The predicted noise, or the predicted velocity if the network was trained so.</summary>
    /// <param name="noisyLatents">(B, 4, h, w), of any height and width.</param>
    /// <param name="timesteps">(B) in [0, 1000), not always whole.</param>
    /// <param name="conditioning">The conditioning of B images.</param>
    /// <returns>(B, 4, h, w) float32.</returns>
    public Tensor Forward(Tensor noisyLatents, Tensor timesteps, Conditioning conditioning)
    {
        using var scope = NewDisposeScope();
        var embedding = timeEmbedding.Forward(timesteps, type);
        if (addEmbedding is not null)
            embedding = embedding.Plus(
                addEmbedding.Forward(
                    conditioning.Added
                        ?? throw new ArgumentException(
                            "This U-Net needs the added conditioning.",
                            nameof(conditioning)
                        ),
                    type
                )
            );
        var time = F.silu(embedding); // (B, Width), once for all blocks
        var context = conditioning.EncoderHiddenStates.to(type);
        var x = convIn.Forward(noisyLatents.to(type));
        var skips = new Stack<Tensor>([x]);
        foreach (var block in downBlocks)
            x = block.Forward(x, time, context, skips);
        x = midBlock.Forward(x, time, context);
        foreach (var block in upBlocks)
            x = block.Forward(x, time, context, skips);
        return convOut.Forward(F.silu(normOut.Forward(x))).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Back-propagates a loss. To be used instead of the tensor's own method.</summary>
    public void Backward(Tensor loss)
    {
        try
        {
            loss.backward();
            CustomAutogradFunction.EndBackward();
            checkpoint.EndBackward();
        }
        finally
        {
            // Nothing is left of the pass unless it failed.
            CustomAutogradFunction.AbandonBackward();
            checkpoint.AbandonBackward();
        }
    }

    /// <summary>See <see cref="WeightStore.Hash"/>.</summary>
    public string Hash() => store.Hash();

    public void Dispose() => store.Dispose();
}
