using System.Globalization;
using TextualInversion.Tensors;

namespace TextualInversion.Checkpoints.SingleFile;

/// <summary>
/// Translates the VAE's names in the code of Rombach et al. (https://github.com/CompVis/latent-diffusion,
/// diffusionmodules/model.py) to those of diffusers. LDM numbers the decoder's levels from the image, diffusers from
/// the latents; and LDM stores the attention's linear layers as 1x1 convolutions.
/// </summary>
internal static class LdmVae
{
    public const string Prefix = "first_stage_model.";

    /// <summary>A name, without the prefix, that only LDM uses.</summary>
    public const string Mark = "decoder.mid.block_1.norm1.weight";

    /// <summary>
    /// The VAE whose names begin with <paramref name="prefix"/>, under diffusers' names, or null if the file has none.
    /// </summary>
    public static ITensorFile? Find(ITensorFile file, string prefix) =>
        file.Tensors.ContainsKey(prefix + Mark)
            ? new RenamedTensors(file, Rename(LdmCheckpoint.Below(file, prefix)))
            : null;

    private static IEnumerable<(string Name, TensorSource Source)> Rename(Dictionary<string, TensorSource> tensors)
    {
        var levels = 0;
        while (tensors.ContainsKey($"decoder.up.{levels}.block.0.norm1.weight"))
            levels++;
        return from tensor in tensors
            let name = Name(tensor.Key, levels)
            where name is not null
            select (name, name.Contains(".attentions.", StringComparison.Ordinal) ? Flat(tensor.Value) : tensor.Value);
    }

    private static string? Name(string name, int levels) =>
        name.Split('.') switch
        {
            ["loss" or "model_ema", ..] => null, // used in training only
            [var half, "down", var level, "block", var block, .. var rest] =>
                $"{half}.down_blocks.{level}.resnets.{block}.{Inside(rest)}",
            [var half, "down", var level, "downsample", .. var rest] =>
                $"{half}.down_blocks.{level}.downsamplers.0.{Inside(rest)}",
            [var half, "up", var level, "block", var block, .. var rest] =>
                $"{half}.up_blocks.{Inward(level, levels)}.resnets.{block}.{Inside(rest)}",
            [var half, "up", var level, "upsample", .. var rest] =>
                $"{half}.up_blocks.{Inward(level, levels)}.upsamplers.0.{Inside(rest)}",
            [var half, "mid", "block_1", .. var rest] => $"{half}.mid_block.resnets.0.{Inside(rest)}",
            [var half, "mid", "block_2", .. var rest] => $"{half}.mid_block.resnets.1.{Inside(rest)}",
            [var half, "mid", "attn_1", var layer, var what] =>
                $"{half}.mid_block.attentions.0.{Attention(layer)}.{what}",
            [var half, "norm_out", var what] => $"{half}.conv_norm_out.{what}",
            _ => name,
        };

    private static string Inward(string level, int levels) =>
        int.TryParse(level, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (levels - 1 - number).ToString(CultureInfo.InvariantCulture)
            : level;

    private static string Inside(string[] names) =>
        names is ["nin_shortcut", var what] ? $"conv_shortcut.{what}" : string.Join('.', names);

    private static string Attention(string layer) =>
        layer switch
        {
            "norm" => "group_norm",
            "proj_out" => "to_out.0",
            _ => $"to_{layer}", // q, k, v
        };

    /// <summary>(C, C, 1, 1) as (C, C).</summary>
    private static TensorSource Flat(TensorSource source) =>
        source.Shape is [var rows, var columns, 1, 1]
            ? source with
            {
                Shape = [rows, columns],
                View = tensor => tensor.view(rows, columns),
            }
            : source;
}
