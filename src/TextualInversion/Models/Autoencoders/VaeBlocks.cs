using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using TextualInversion.Models.Unets;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Models.Autoencoders;

/// <summary>
/// The mid block of the VAE's encoder and decoder: residual block, self-attention over the cells, residual block.
/// </summary>
internal sealed class VaeMidBlock(Weights weights, VaeConfig config)
{
    private readonly long channels = config.BlockOutChannels[^1];
    private readonly ResnetBlock first = Resnet(weights / "resnets" / 0, config);
    private readonly GroupNorm norm = new(
        weights / "attentions" / 0 / "group_norm",
        config.NormNumGroups,
        config.BlockOutChannels[^1],
        VaeConfig.NormEps
    );
    private readonly Attention attention = new(
        weights / "attentions" / 0,
        AttentionNames.Diffusers,
        config.BlockOutChannels[^1],
        heads: 1,
        hasBias: true
    );
    private readonly ResnetBlock second = Resnet(weights / "resnets" / 1, config);

    /// <param name="x">(B, C, h, w).</param>
    public Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        x = first.Forward(x);
        long batch = x.shape[0],
            height = x.shape[2],
            width = x.shape[3];
        var cells = norm.Forward(x).permute(0, 2, 3, 1).reshape(batch, height * width, channels); // (B, h w, C)
        var attended = attention.Forward(cells).view(batch, height, width, channels); // (B, h, w, C)
        attended = attended.permute(0, 3, 1, 2); // (B, C, h, w)
        return second.Forward(x.Plus(attended)).MoveToOuterDisposeScope();
    }

    private static ResnetBlock Resnet(Weights weights, VaeConfig config) =>
        new(weights, config.BlockOutChannels[^1], config.BlockOutChannels[^1], config.NormNumGroups, VaeConfig.NormEps);
}

/// <summary>Selects the tensors of one half of the VAE: both halves are in one file.</summary>
internal static class VaeFile
{
    /// <summary>The current names of the tensors below the given parts, and null for the rest.</summary>
    public static Func<string, string?> Only(params string[] parts) =>
        key => parts.Any(part => key.StartsWith(part + ".", StringComparison.Ordinal)) ? Modern(key) : null;

    // Until diffusers 0.15 the attention's layers had other names.
    private static string Modern(string key)
    {
        if (!key.Contains(".attentions.", StringComparison.Ordinal))
            return key;
        return key.Replace(".query.", ".to_q.", StringComparison.Ordinal)
            .Replace(".key.", ".to_k.", StringComparison.Ordinal)
            .Replace(".value.", ".to_v.", StringComparison.Ordinal)
            .Replace(".proj_attn.", ".to_out.0.", StringComparison.Ordinal);
    }
}

internal static class VaeMemory
{
    /// <summary>
    /// Frees the previous feature map as soon as the next exists: an image's feature maps are the largest tensors.
    /// </summary>
    public static Tensor Replace(Tensor old, Tensor next)
    {
        old.Dispose();
        return next;
    }
}
