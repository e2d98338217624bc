using TextualInversion.Checkpoints;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Layers;

/// <summary>The names of the four projections of an attention in a checkpoint.</summary>
internal sealed record AttentionNames(string Query, string Key, string Value, string Output)
{
    public static readonly AttentionNames Diffusers = new("to_q", "to_k", "to_v", "to_out.0");
    public static readonly AttentionNames Clip = new("q_proj", "k_proj", "v_proj", "out_proj");
}

/// <summary>Multi-head scaled dot-product attention (Vaswani et al. 2017, section 3.2).</summary>
internal sealed class Attention
{
    private readonly long width,
        heads;
    private readonly Linear query,
        key,
        value,
        output;

    /// <param name="weights">The weights of the four projections.</param>
    /// <param name="names">The names of the projections.</param>
    /// <param name="width">The width of the states.</param>
    /// <param name="heads">The number of heads, a divisor of the width.</param>
    /// <param name="hasBias">Whether queries, keys and values have a bias; the output always has one.</param>
    /// <param name="contextWidth">The width of the context. Null for self-attention.</param>
    public Attention(
        Weights weights,
        AttentionNames names,
        long width,
        long heads,
        bool hasBias,
        long? contextWidth = null
    )
    {
        (this.width, this.heads) = (width, heads);
        query = new Linear(weights / names.Query, width, width, hasBias);
        key = new Linear(weights / names.Key, contextWidth ?? width, width, hasBias);
        value = new Linear(weights / names.Value, contextWidth ?? width, width, hasBias);
        output = new Linear(weights / names.Output, width, width);
    }

    /// <param name="x">(B, S, width).</param>
    /// <param name="context">(B, T, contextWidth), or null for self-attention.</param>
    /// <param name="causal">Whether a position attends only to itself and earlier positions.</param>
    /// <returns>(B, S, width).</returns>
    public Tensor Forward(Tensor x, Tensor? context = null, bool causal = false)
    {
        using var scope = NewDisposeScope();
        var q = SplitHeads(query.Forward(x)); // (B, heads, S, d)
        var k = SplitHeads(key.Forward(context ?? x)); // (B, heads, S or T, d)
        var v = SplitHeads(value.Forward(context ?? x)); // (B, heads, S or T, d)
        // (B, heads, S, d)
        var attended = F.scaled_dot_product_attention(q, k, v, attn_mask: null, p: 0, is_casual: causal);
        var states = attended.transpose(1, 2).reshape(x.shape[0], x.shape[1], width); // (B, S, width)
        return output.Forward(states).MoveToOuterDisposeScope();
    }

    /// <returns>
    /// (B, heads, S, d), a view. The last axis is contiguous and there is no mask, as PyTorch's flash and
    /// memory-efficient kernels require
    /// (https://github.com/pytorch/pytorch/blob/main/aten/src/ATen/native/transformers/cuda/sdp_utils.cpp).
    /// </returns>
    private Tensor SplitHeads(Tensor x) => x.view(x.shape[0], x.shape[1], heads, width / heads).transpose(1, 2);
}
