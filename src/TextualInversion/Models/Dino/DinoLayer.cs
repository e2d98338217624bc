using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using TextualInversion.Native;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Dino;

/// <summary>
/// A block of DINOv2's transformer: self-attention and feed-forward, each after a norm, scaled by learned factors and
/// added to its input. Frozen.
/// </summary>
internal sealed class DinoLayer(Weights weights, DinoConfig config)
{
    private static readonly AttentionNames Names = new(
        "attention.query",
        "attention.key",
        "attention.value",
        "output.dense"
    );

    private readonly LayerNorm attentionNorm = new(weights / "norm1", config.HiddenSize, config.LayerNormEps);
    private readonly Attention attention = new(
        weights / "attention",
        Names,
        config.HiddenSize,
        config.NumAttentionHeads,
        config.QkvBias
    );
    private readonly Tensor attentionScale = (weights / "layer_scale1").Take("lambda1", config.HiddenSize);
    private readonly LayerNorm mlpNorm = new(weights / "norm2", config.HiddenSize, config.LayerNormEps);
    private readonly Linear expand = new(weights / "mlp" / "fc1", config.HiddenSize, config.MlpWidth);
    private readonly Linear contract = new(weights / "mlp" / "fc2", config.MlpWidth, config.HiddenSize);
    private readonly Tensor mlpScale = (weights / "layer_scale2").Take("lambda1", config.HiddenSize);

    /// <param name="x">(B, S, width).</param>
    /// <returns>(B, S, width).</returns>
    public Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        x = x.Plus(attention.Forward(attentionNorm.Forward(x)) * attentionScale);
        var hidden = contract.Forward(F.gelu(expand.Forward(mlpNorm.Forward(x))));
        return x.Plus(hidden * mlpScale).MoveToOuterDisposeScope();
    }
}
