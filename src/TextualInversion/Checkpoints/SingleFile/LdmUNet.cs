namespace TextualInversion.Checkpoints.SingleFile;

/// <summary>
/// Translates the U-Net's names in the code of Rombach et al. (https://github.com/CompVis/stable-diffusion,
/// openaimodel.py) to those of diffusers. LDM numbers all blocks in one sequence, diffusers numbers them by level.
/// </summary>
internal static class LdmUNet
{
    public const string Prefix = "model.diffusion_model.";

    /// <param name="names">All names, without the prefix.</param>
    /// <returns>A function from each name to diffusers' name.</returns>
    public static Func<string, string> Names(IReadOnlyCollection<string> names)
    {
        var modules = Modules(
            names.Select(name => string.Join('.', name.Split('.').Take(3))).ToHashSet(),
            names.ToHashSet()
        );
        return name =>
            name.Split('.') switch
            {
                ["time_embed", "0", var what] => $"time_embedding.linear_1.{what}",
                ["time_embed", "2", var what] => $"time_embedding.linear_2.{what}",
                ["label_emb", "0", "0", var what] => $"add_embedding.linear_1.{what}",
                ["label_emb", "0", "2", var what] => $"add_embedding.linear_2.{what}",
                ["input_blocks", "0", "0", var what] => $"conv_in.{what}",
                ["out", "0", var what] => $"conv_norm_out.{what}",
                ["out", "2", var what] => $"conv_out.{what}",
                [var stage, var block, var part, .. var rest]
                    when modules.TryGetValue($"{stage}.{block}.{part}", out var module) => $"{module}.{Inside(rest)}",
                [var stage, var part, .. var rest] when modules.TryGetValue($"{stage}.{part}", out var module) =>
                    $"{module}.{Inside(rest)}",
                _ => name,
            };
    }

    /// <summary>From the start of a name, such as <c>input_blocks.1.0</c>, to diffusers' start.</summary>
    private static Dictionary<string, string> Modules(HashSet<string> starts, HashSet<string> names)
    {
        var modules = new Dictionary<string, string>
        {
            ["middle_block.0"] = "mid_block.resnets.0",
            ["middle_block.1"] = "mid_block.attentions.0",
            ["middle_block.2"] = "mid_block.resnets.1",
        };
        for (int block = 1, level = 0, layer = 0; starts.Contains($"input_blocks.{block}.0"); block++, layer++)
        {
            var start = $"input_blocks.{block}";
            if (names.Contains($"{start}.0.op.weight"))
            {
                modules[$"{start}.0"] = $"down_blocks.{level}.downsamplers.0";
                (level, layer) = (level + 1, -1);
                continue;
            }

            modules[$"{start}.0"] = $"down_blocks.{level}.resnets.{layer}";
            modules[$"{start}.1"] = $"down_blocks.{level}.attentions.{layer}";
        }

        for (int block = 0, level = 0, layer = 0; starts.Contains($"output_blocks.{block}.0"); block++, layer++)
        {
            var start = $"output_blocks.{block}";
            modules[$"{start}.0"] = $"up_blocks.{level}.resnets.{layer}";
            modules[$"{start}.1"] = $"up_blocks.{level}.attentions.{layer}";
            if (
                Array.Find([$"{start}.1", $"{start}.2"], part => names.Contains($"{part}.conv.weight"))
                is not { } upsampler
            )
                continue;
            modules[upsampler] = $"up_blocks.{level}.upsamplers.0";
            (level, layer) = (level + 1, -1);
        }

        return modules;
    }

    /// <summary>Residual blocks and samplers; a transformer's names are the same in both.</summary>
    private static string Inside(string[] names) =>
        names switch
        {
            ["in_layers", "0", var what] => $"norm1.{what}",
            ["in_layers", "2", var what] => $"conv1.{what}",
            ["emb_layers", "1", var what] => $"time_emb_proj.{what}",
            ["out_layers", "0", var what] => $"norm2.{what}",
            ["out_layers", "3", var what] => $"conv2.{what}",
            ["skip_connection", var what] => $"conv_shortcut.{what}",
            ["op", var what] => $"conv.{what}",
            _ => string.Join('.', names),
        };
}
