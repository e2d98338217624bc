using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using TextualInversion.Native;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Clip;

/// <summary>One block: x + attention(norm(x)), then x + mlp(norm(x)).</summary>
internal sealed class ClipLayer(Weights weights, ClipLayerConfig config, bool isCausal)
{
    private const double QuickGeluScale = 1.702;

    private readonly LayerNorm attentionNorm = new(weights / "layer_norm1", config.Width, config.LayerNormEps);
    private readonly Attention attention = new(
        weights / "self_attn",
        AttentionNames.Clip,
        config.Width,
        config.Heads,
        hasBias: true
    );
    private readonly LayerNorm mlpNorm = new(weights / "layer_norm2", config.Width, config.LayerNormEps);
    private readonly Linear expand = new(weights / "mlp" / "fc1", config.Width, config.MlpWidth);
    private readonly Linear contract = new(weights / "mlp" / "fc2", config.MlpWidth, config.Width);
    private readonly Func<Tensor, Tensor> activation = config.Activation switch
    {
        "quick_gelu" => QuickGelu,
        "gelu" => x => F.gelu(x),
        _ => throw new ArgumentException($"{config.Activation} is not an activation.", nameof(config)),
    };

    /// <param name="x">(B, S, width).</param>
    /// <returns>(B, S, width).</returns>
    public Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        x = x.Plus(attention.Forward(attentionNorm.Forward(x), causal: isCausal));
        return x.Plus(contract.Forward(activation(expand.Forward(mlpNorm.Forward(x))))).MoveToOuterDisposeScope();
    }

    private static Tensor QuickGelu(Tensor x)
    {
        using var scope = NewDisposeScope();
        return (x * sigmoid(x.Times(QuickGeluScale))).MoveToOuterDisposeScope();
    }
}
