using TextualInversion.Checkpoints;

namespace TextualInversion.Models.Clip;

/// <summary>The settings that the blocks of CLIP's two transformers share, each with its own values.</summary>
/// <param name="Width">The width of the states.</param>
/// <param name="MlpWidth">The width inside the feed-forward part.</param>
/// <param name="Heads">The number of attention heads, a divisor of the width.</param>
/// <param name="LayerNormEps">The epsilon of every norm.</param>
/// <param name="Activation"><c>quick_gelu</c> or <c>gelu</c>.</param>
internal sealed record ClipLayerConfig(int Width, int MlpWidth, int Heads, double LayerNormEps, string Activation)
{
    /// <summary>Far above any published CLIP, whose widest states have 1664 values.</summary>
    public const int MostWidth = 65_536;

    private const int MostLayers = 256;

    /// <param name="check">The config file, for messages.</param>
    /// <param name="layers">The number of blocks.</param>
    /// <exception cref="TextualInversionException">A value is out of range or not supported.</exception>
    public void Validate(ConfigCheck check, int layers)
    {
        check.Range("hidden_size", Width, 1, MostWidth);
        check.Range("intermediate_size", MlpWidth, 1, 4 * MostWidth);
        check.Range("num_hidden_layers", layers, 1, MostLayers);
        check.Range("num_attention_heads", Heads, 1, Width);
        check.Require(Width % Heads == 0, "num_attention_heads", Heads, $"a divisor of hidden_size, {Width}");
        check.Positive("layer_norm_eps", LayerNormEps, 1);
        check.Require(Activation is "quick_gelu" or "gelu", "hidden_act", Activation, "quick_gelu or gelu");
    }
}
