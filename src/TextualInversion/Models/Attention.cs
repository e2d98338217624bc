using TextualInversion.Checkpoints;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models;

/// <summary>How the four projections of an attention are called in a checkpoint.</summary>
internal sealed record AttentionNames(string Query, string Key, string Value, string Output)
{
    public static readonly AttentionNames Diffusers = new("to_q", "to_k", "to_v", "to_out.0");
    public static readonly AttentionNames Clip = new("q_proj", "k_proj", "v_proj", "out_proj");
}

/// <summary>Multi-head scaled dot-product attention (Vaswani et al. 2017, section 3.2).</summary>
internal sealed class Attention(Weights weights, AttentionNames names, long width, long contextWidth, long heads, bool hasBias)
{
    private readonly Linear query = new(weights / names.Query, width, width, hasBias);
    private readonly Linear key = new(weights / names.Key, contextWidth, width, hasBias);
    private readonly Linear value = new(weights / names.Value, contextWidth, width, hasBias);
    private readonly Linear output = new(weights / names.Output, width, width);

    /// <param name="x">(B, S, width)</param>
    /// <param name="context">(B, T, contextWidth), x itself for self-attention</param>
    /// <param name="causal">whether a position sees only itself and those before it</param>
    /// <returns>(B, S, width)</returns>
    public Tensor Forward(Tensor x, Tensor context, bool causal = false)
    {
        using var scope = NewDisposeScope();
        Tensor q = Heads(query.Forward(x)), k = Heads(key.Forward(context)), v = Heads(value.Forward(context));
        var attended = F.scaled_dot_product_attention(q, k, v, attn_mask: null, p: 0, is_casual: causal); // (B, heads, S, d)
        var joined = attended.transpose(1, 2).reshape(x.shape[0], x.shape[1], width); // (B, S, width)
        return output.Forward(joined).MoveToOuterDisposeScope();
    }

    private Tensor Heads(Tensor x) => x.view(x.shape[0], x.shape[1], heads, width / heads).transpose(1, 2); // (B, heads, S, d)
}
