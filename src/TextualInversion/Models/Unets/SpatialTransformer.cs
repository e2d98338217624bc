using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using TextualInversion.Native;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Unets;

/// <summary>
/// A transformer over the cells of a feature map, with attention to one another and to the prompt (Rombach et al. 2022,
/// section 3.3 and appendix E.2.1).
/// </summary>
internal sealed class SpatialTransformer
{
    private const double GroupNormEpsilon = 1e-6; // fixed in diffusers' Transformer2DModel, whatever norm_eps says

    private readonly GroupNorm norm;
    private readonly Linear projectIn,
        projectOut;
    private readonly TransformerBlock[] blocks;

    public SpatialTransformer(Weights weights, UNetConfig config, long channels, int heads, int depth)
    {
        norm = new GroupNorm(weights / "norm", config.NormNumGroups, channels, GroupNormEpsilon);
        projectIn = Pointwise(weights / "proj_in", channels, config.UseLinearProjection);
        blocks =
        [
            .. Enumerable
                .Range(0, depth)
                .Select(i => new TransformerBlock(
                    weights / "transformer_blocks" / i,
                    channels,
                    config.CrossAttentionDim,
                    heads
                )),
        ];
        projectOut = Pointwise(weights / "proj_out", channels, config.UseLinearProjection);
    }

    /// <param name="x">(B, C, h, w).</param>
    /// <param name="encoderHiddenStates">(B, S, D).</param>
    /// <returns>(B, C, h, w).</returns>
    public Tensor Forward(Tensor x, Tensor encoderHiddenStates)
    {
        long batch = x.shape[0],
            channels = x.shape[1],
            height = x.shape[2],
            width = x.shape[3];
        using var scope = NewDisposeScope();
        var cells = norm.Forward(x).permute(0, 2, 3, 1).reshape(batch, height * width, channels); // (B, h w, C)
        cells = projectIn.Forward(cells);
        foreach (var block in blocks)
            cells = block.Forward(cells, encoderHiddenStates);
        cells = projectOut.Forward(cells);
        var result = cells.view(batch, height, width, channels).permute(0, 3, 1, 2); // (B, C, h, w)
        return x.Plus(result).MoveToOuterDisposeScope(); // x first: the sum takes x's memory order
    }

    // A 1x1 convolution is a linear layer, and is stored as either.
    private static Linear Pointwise(Weights weights, long channels, bool isStoredAsLinear) =>
        isStoredAsLinear
            ? new Linear(weights, channels, channels)
            : new Linear(
                weights.Keep(weights.Take("weight", channels, channels, 1, 1).view(channels, channels)),
                weights.Take("bias", channels)
            );
}

/// <summary>
/// Self-attention, cross-attention to the prompt and feed-forward, each after a norm and added to its input.
/// </summary>
internal sealed class TransformerBlock(Weights weights, long width, long contextWidth, long heads)
{
    private const double Epsilon = 1e-5;

    private readonly LayerNorm norm1 = new(weights / "norm1", width, Epsilon);
    private readonly Attention selfAttention = new(
        weights / "attn1",
        AttentionNames.Diffusers,
        width,
        heads,
        hasBias: false
    );
    private readonly LayerNorm norm2 = new(weights / "norm2", width, Epsilon);
    private readonly Attention crossAttention = new(
        weights / "attn2",
        AttentionNames.Diffusers,
        width,
        heads,
        hasBias: false,
        contextWidth
    );
    private readonly LayerNorm norm3 = new(weights / "norm3", width, Epsilon);
    private readonly Linear expand = new(weights / "ff" / "net" / 0 / "proj", width, 8 * width);
    private readonly Linear contract = new(weights / "ff" / "net" / 2, 4 * width, width);

    /// <param name="x">(B, S, width).</param>
    /// <param name="context">(B, T, contextWidth).</param>
    /// <returns>(B, S, width).</returns>
    public Tensor Forward(Tensor x, Tensor context)
    {
        using var scope = NewDisposeScope();
        x = x.Plus(selfAttention.Forward(norm1.Forward(x)));
        x = x.Plus(crossAttention.Forward(norm2.Forward(x), context));
        return x.Plus(FeedForward(norm3.Forward(x))).MoveToOuterDisposeScope();
    }

    // GEGLU (Shazeer 2020, eq. 6)
    private Tensor FeedForward(Tensor x)
    {
        var halves = expand.Forward(x).chunk(2, dim: -1); // 2 x (B, S, 4 width)
        return contract.Forward(halves[0] * F.gelu(halves[1]));
    }
}
