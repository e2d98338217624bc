using System.Globalization;
using TextualInversion.Tensors;

namespace TextualInversion.Training.Estimates;

/// <summary>
/// About how many floating-point operations the U-Net takes for one image: a multiplication and an addition for each
/// weight and each position that it is applied to, and for the products of attention. Norms, activations and softmax
/// are left out.
/// </summary>
/// <param name="Layers">Those of convolutions and linear layers in a forward pass.</param>
/// <param name="Attention">Those of queries with keys, and of the weights with values, in a forward pass.</param>
internal sealed record UNetFlops(double Layers, double Attention)
{
    private const string Up = "up_blocks",
        Down = "down_blocks",
        Middle = "mid_block";

    /// <summary>The operations of a forward pass.</summary>
    public double Forward => Layers + Attention;

    /// <summary>
    /// The operations of a backward pass to the inputs; there is none to the weights. A layer takes one product as in
    /// the forward pass, and each of attention's products two, since both its sides have a gradient.
    /// </summary>
    public double Backward => Layers + 2 * Attention;

    /// <summary>The operations of a training step for one image.</summary>
    public double Step => Forward + Backward;

    /// <param name="unet">The U-Net's tensors under diffusers' names; only their shapes are used.</param>
    /// <param name="levels">The number of levels.</param>
    /// <param name="cells">The side of the latents.</param>
    /// <param name="promptTokens">The tokens of a prompt.</param>
    public static UNetFlops Of(ITensorFile unet, int levels, int cells, int promptTokens)
    {
        double layers = 0,
            attention = 0;
        foreach (var (name, entry) in unet.Tensors)
        {
            if (entry.Shape.Length < 2 || !name.EndsWith(".weight", StringComparison.Ordinal))
                continue;
            var module = name.Split('.');
            var area = Area(cells, Level(module, levels - 1));
            var elements = entry.Shape.Aggregate(1L, (product, length) => product * length);
            layers += 2.0 * elements * Positions(module, area, promptTokens);
            if (module[^2] == "to_q")
                attention += 4.0 * area * entry.Shape[0] * (module[^3] == "attn1" ? area : promptTokens);
        }

        return new UNetFlops(layers, attention);
    }

    /// <summary>The positions that a weight is applied to.</summary>
    private static long Positions(string[] module, long area, int promptTokens)
    {
        var isOfTime = module[0] is "time_embedding" or "add_embedding" || module[^2] == "time_emb_proj";
        var isOfPrompt = module[^2] is "to_k" or "to_v" && module[^3] == "attn2";
        return isOfTime ? 1
            : isOfPrompt ? promptTokens
            : area;
    }

    /// <summary>The level of a layer's result, 0 for the outermost.</summary>
    private static int Level(string[] module, int last) =>
        module[0] switch
        {
            Down => Number(module) + (module[2] == "downsamplers" ? 1 : 0),
            Middle => last,
            Up => last - Number(module) - (module[2] == "upsamplers" ? 1 : 0),
            _ => 0,
        };

    private static int Number(string[] module) => int.Parse(module[1], CultureInfo.InvariantCulture);

    /// <summary>The latent cells of a level; a level has half the side of the one before, rounded up.</summary>
    private static long Area(long cells, int level)
    {
        for (; level > 0; level--)
            cells = (cells + 1) / 2;
        return cells * cells;
    }
}
