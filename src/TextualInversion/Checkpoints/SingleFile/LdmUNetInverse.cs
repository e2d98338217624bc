namespace TextualInversion.Checkpoints.SingleFile;

/// <summary>
/// Translates the names of the U-Net's layers in diffusers to those of LDM: the other direction of
/// <see cref="LdmUNet"/>.
/// </summary>
internal static class LdmUNetInverse
{
    private static readonly Dictionary<string, string> Outside = new()
    {
        ["conv_in"] = "input_blocks.0.0",
        ["conv_out"] = "out.2",
        ["time_embedding.linear_1"] = "time_embed.0",
        ["time_embedding.linear_2"] = "time_embed.2",
        ["add_embedding.linear_1"] = "label_emb.0.0",
        ["add_embedding.linear_2"] = "label_emb.0.2",
    };

    private static readonly Dictionary<string, string> InResidualBlock = new()
    {
        ["conv1"] = "in_layers.2",
        ["time_emb_proj"] = "emb_layers.1",
        ["conv2"] = "out_layers.3",
        ["conv_shortcut"] = "skip_connection",
    };

    /// <param name="layers">All layers of the U-Net under diffusers' names, such as <c>conv_in</c>.</param>
    /// <returns>A function from each name to LDM's name.</returns>
    public static Func<string, string> Names(IReadOnlyCollection<string> layers)
    {
        var starts = Starts(layers.Select(StartOf).ToHashSet(StringComparer.Ordinal));
        return layer =>
            Outside.TryGetValue(layer, out var outside) ? outside
            : starts.TryGetValue(StartOf(layer), out var start) ? $"{start}.{Inside(layer, StartOf(layer))}"
            : layer;
    }

    /// <summary>The block or sampler: <c>down_blocks.0.resnets.1</c> or <c>mid_block.resnets.0</c>.</summary>
    private static string StartOf(string layer) =>
        string.Join('.', layer.Split('.').Take(layer.StartsWith("mid_block.", StringComparison.Ordinal) ? 3 : 4));

    private static string Inside(string layer, string start)
    {
        var inside = layer[Math.Min(start.Length + 1, layer.Length)..];
        if (InResidualBlock.TryGetValue(inside, out var name))
            return name;
        return start.Contains(".downsamplers.", StringComparison.Ordinal) && inside == "conv" ? "op" : inside;
    }

    private static Dictionary<string, string> Starts(HashSet<string> starts)
    {
        var names = new Dictionary<string, string>
        {
            ["mid_block.resnets.0"] = "middle_block.0",
            ["mid_block.attentions.0"] = "middle_block.1",
            ["mid_block.resnets.1"] = "middle_block.2",
        };
        for (int level = 0, block = 1; starts.Contains($"down_blocks.{level}.resnets.0"); level++)
        {
            block = AddLayers($"down_blocks.{level}", "input_blocks", block);
            if (starts.Contains($"down_blocks.{level}.downsamplers.0"))
                names[$"down_blocks.{level}.downsamplers.0"] = $"input_blocks.{block++}.0";
        }

        for (int level = 0, block = 0; starts.Contains($"up_blocks.{level}.resnets.0"); level++)
        {
            block = AddLayers($"up_blocks.{level}", "output_blocks", block);
            var place = starts.Contains($"up_blocks.{level}.attentions.0") ? 2 : 1;
            names[$"up_blocks.{level}.upsamplers.0"] = $"output_blocks.{block - 1}.{place}";
        }

        return names;

        int AddLayers(string level, string stage, int block)
        {
            for (var layer = 0; starts.Contains($"{level}.resnets.{layer}"); layer++, block++)
            {
                names[$"{level}.resnets.{layer}"] = $"{stage}.{block}.0";
                names[$"{level}.attentions.{layer}"] = $"{stage}.{block}.1";
            }

            return block;
        }
    }
}
