using System.Text.Json.Nodes;

namespace TextualInversion.Checkpoints.SingleFile;

/// <summary>
/// The tensors of a checkpoint in LDM's order, from diffusers' configs. Written anew after openaimodel.py,
/// diffusionmodules/model.py and OpenCLIP's transformer.py. What the library infers from names is checked against it.
/// </summary>
internal sealed class LdmShapes
{
    private const string UNetTop = "model.diffusion_model.";

    private readonly List<(string Name, long[] Shape)> tensors = [];

    public IReadOnlyList<(string Name, long[] Shape)> Tensors => tensors;

    public LdmShapes UNet(JsonNode config)
    {
        var widths = UNetWidths.Of(config);
        var (first, time) = (widths.Channels[0], widths.Time);
        Layer($"{UNetTop}time_embed.0", time, first).Layer($"{UNetTop}time_embed.2", time, time);
        if (config["projection_class_embeddings_input_dim"] is { } added)
            Layer($"{UNetTop}label_emb.0.0", time, (long)added).Layer($"{UNetTop}label_emb.0.2", time, time);
        Layer($"{UNetTop}input_blocks.0.0", first, 4, 3, 3);
        var skips = Down(widths);
        var width = widths.Channels[^1];
        Residual($"{UNetTop}middle_block.0", width, width, time);
        Transformer($"{UNetTop}middle_block.1", width, widths.MiddleDepth, widths);
        Residual($"{UNetTop}middle_block.2", width, width, time);
        Up(widths, skips);
        return Layer($"{UNetTop}out.0", first).Layer($"{UNetTop}out.2", 4, first, 3, 3);
    }

    public LdmShapes Vae(JsonNode config, string top = "first_stage_model.")
    {
        var channels = config["block_out_channels"]!.AsArray().Select(value => (long)value!).ToArray();
        var layers = (int)config["layers_per_block"]!;
        var (latents, deepest) = ((long)config["latent_channels"]!, channels[^1]);
        var width = channels[0];
        Layer($"{top}encoder.conv_in", width, 3, 3, 3);
        for (var level = 0; level < channels.Length; level++)
        {
            for (var layer = 0; layer < layers; layer++)
                Block($"{top}encoder.down.{level}.block.{layer}", width, width = channels[level]);
            if (level < channels.Length - 1)
                Layer($"{top}encoder.down.{level}.downsample.conv", width, width, 3, 3);
        }

        Middle($"{top}encoder", deepest)
            .Layer($"{top}encoder.norm_out", deepest)
            .Layer($"{top}encoder.conv_out", 2 * latents, deepest, 3, 3);
        Layer($"{top}decoder.conv_in", deepest, latents, 3, 3).Middle($"{top}decoder", deepest);
        for (var level = channels.Length - 1; level >= 0; level--)
        {
            for (var layer = 0; layer <= layers; layer++)
                Block($"{top}decoder.up.{level}.block.{layer}", width, width = channels[level]);
            if (level > 0)
                Layer($"{top}decoder.up.{level}.upsample.conv", width, width, 3, 3);
        }

        Layer($"{top}decoder.norm_out", channels[0]).Layer($"{top}decoder.conv_out", 3, channels[0], 3, 3);
        return Layer($"{top}quant_conv", 2 * latents, 2 * latents, 1, 1)
            .Layer($"{top}post_quant_conv", latents, latents, 1, 1);
    }

    /// <summary>OpenAI's CLIP under transformers' names.</summary>
    public LdmShapes Clip(JsonNode config, string top)
    {
        var (vocabulary, width, inner) = (
            (long)config["vocab_size"]!,
            (long)config["hidden_size"]!,
            (long)config["intermediate_size"]!
        );
        Add($"{top}text_model.embeddings.token_embedding.weight", vocabulary, width)
            .Add($"{top}text_model.embeddings.position_embedding.weight", 77, width);
        for (var i = 0; i < (int)config["num_hidden_layers"]!; i++)
        {
            var layer = $"{top}text_model.encoder.layers.{i}";
            foreach (var name in new[] { "q_proj", "k_proj", "v_proj", "out_proj" })
                Layer($"{layer}.self_attn.{name}", width, width);
            Layer($"{layer}.layer_norm1", width)
                .Layer($"{layer}.layer_norm2", width)
                .Layer($"{layer}.mlp.fc1", inner, width)
                .Layer($"{layer}.mlp.fc2", width, inner);
        }

        return Layer($"{top}text_model.final_layer_norm", width);
    }

    /// <summary>OpenCLIP's text encoder.</summary>
    /// <param name="config">The config in transformers' format.</param>
    /// <param name="top">The prefix of the names.</param>
    /// <param name="unused">The number of blocks after those in use.</param>
    public LdmShapes OpenClip(JsonNode config, string top, int unused)
    {
        var (vocabulary, width, inner) = (
            (long)config["vocab_size"]!,
            (long)config["hidden_size"]!,
            (long)config["intermediate_size"]!
        );
        Add($"{top}token_embedding.weight", vocabulary, width)
            .Add($"{top}positional_embedding", 77, width)
            .Add($"{top}logit_scale");
        for (var i = 0; i < (int)config["num_hidden_layers"]! + unused; i++)
        {
            var layer = $"{top}transformer.resblocks.{i}";
            Add($"{layer}.attn.in_proj_weight", 3 * width, width)
                .Add($"{layer}.attn.in_proj_bias", 3 * width)
                .Layer($"{layer}.attn.out_proj", width, width);
            Layer($"{layer}.ln_1", width)
                .Layer($"{layer}.ln_2", width)
                .Layer($"{layer}.mlp.c_fc", inner, width)
                .Layer($"{layer}.mlp.c_proj", width, inner);
        }

        return Layer($"{top}ln_final", width)
            .Add($"{top}text_projection", width, (long?)config["projection_dim"] ?? width);
    }

    /// <returns>The channels of the feature maps that the way up takes, the last one on top.</returns>
    private Stack<long> Down(UNetWidths widths)
    {
        var (channels, width) = (widths.Channels, widths.Channels[0]);
        var skips = new Stack<long>([width]);
        for (int level = 0, block = 1; level < channels.Length; level++)
        {
            for (var layer = 0; layer < widths.Layers; layer++, block++)
            {
                Residual($"{UNetTop}input_blocks.{block}.0", width, width = channels[level], widths.Time);
                if (widths.Depths[level] > 0)
                    Transformer($"{UNetTop}input_blocks.{block}.1", width, widths.Depths[level], widths);
                skips.Push(width);
            }

            if (level == channels.Length - 1)
                continue;
            Layer($"{UNetTop}input_blocks.{block++}.0.op", width, width, 3, 3);
            skips.Push(width);
        }

        return skips;
    }

    private void Up(UNetWidths widths, Stack<long> skips)
    {
        var (channels, width) = (widths.Channels, widths.Channels[^1]);
        for (int level = channels.Length - 1, block = 0; level >= 0; level--)
        {
            var depth = widths.Depths[level];
            for (var layer = 0; layer <= widths.Layers; layer++, block++)
            {
                Residual(
                    $"{UNetTop}output_blocks.{block}.0",
                    width + skips.Pop(),
                    width = channels[level],
                    widths.Time
                );
                if (depth > 0)
                    Transformer($"{UNetTop}output_blocks.{block}.1", width, depth, widths);
                if (level > 0 && layer == widths.Layers)
                    Layer($"{UNetTop}output_blocks.{block}.{(depth > 0 ? 2 : 1)}.conv", width, width, 3, 3);
            }
        }
    }

    private void Residual(string name, long from, long to, long time)
    {
        Layer($"{name}.in_layers.0", from)
            .Layer($"{name}.in_layers.2", to, from, 3, 3)
            .Layer($"{name}.emb_layers.1", to, time);
        Layer($"{name}.out_layers.0", to).Layer($"{name}.out_layers.3", to, to, 3, 3);
        if (from != to)
            Layer($"{name}.skip_connection", to, from, 1, 1);
    }

    private void Transformer(string name, long width, int depth, UNetWidths widths)
    {
        long[] projection = widths.IsLinear ? [width, width] : [width, width, 1, 1];
        Layer($"{name}.norm", width).Layer($"{name}.proj_in", projection).Layer($"{name}.proj_out", projection);
        for (var i = 0; i < depth; i++)
        {
            var block = $"{name}.transformer_blocks.{i}";
            foreach (var (attention, source) in new[] { ("attn1", width), ("attn2", widths.Context) })
            {
                Add($"{block}.{attention}.to_q.weight", width, width)
                    .Add($"{block}.{attention}.to_k.weight", width, source)
                    .Add($"{block}.{attention}.to_v.weight", width, source);
                Layer($"{block}.{attention}.to_out.0", width, width);
            }

            Layer($"{block}.ff.net.0.proj", 8 * width, width).Layer($"{block}.ff.net.2", width, 4 * width);
            Layer($"{block}.norm1", width).Layer($"{block}.norm2", width).Layer($"{block}.norm3", width);
        }
    }

    private LdmShapes Middle(string half, long width)
    {
        Block($"{half}.mid.block_1", width, width);
        Block($"{half}.mid.block_2", width, width);
        foreach (var name in new[] { "q", "k", "v", "proj_out" })
            Layer($"{half}.mid.attn_1.{name}", width, width, 1, 1);
        return Layer($"{half}.mid.attn_1.norm", width);
    }

    private void Block(string name, long from, long to)
    {
        Layer($"{name}.norm1", from)
            .Layer($"{name}.conv1", to, from, 3, 3)
            .Layer($"{name}.norm2", to)
            .Layer($"{name}.conv2", to, to, 3, 3);
        if (from != to)
            Layer($"{name}.nin_shortcut", to, from, 1, 1);
    }

    /// <summary>A weight, and a bias for its first dimension.</summary>
    private LdmShapes Layer(string name, params long[] shape) =>
        Add($"{name}.weight", shape).Add($"{name}.bias", shape[0]);

    private LdmShapes Add(string name, params long[] shape)
    {
        tensors.Add((name, shape));
        return this;
    }

    /// <param name="Channels">The channels of each level.</param>
    /// <param name="Layers">The residual blocks of each level on the way down.</param>
    /// <param name="Depths">The blocks of each level's transformers; 0 without transformers.</param>
    /// <param name="MiddleDepth">The same between the ways down and up.</param>
    /// <param name="Context">The width of the text encoder's states.</param>
    /// <param name="IsLinear">Whether the transformers' projections are linear layers, not convolutions.</param>
    private sealed record UNetWidths(
        long[] Channels,
        int Layers,
        int[] Depths,
        int MiddleDepth,
        long Context,
        bool IsLinear
    )
    {
        public long Time => 4 * Channels[0];

        public static UNetWidths Of(JsonNode config)
        {
            var channels = config["block_out_channels"]!.AsArray().Select(value => (long)value!).ToArray();
            var types = config["down_block_types"]!.AsArray();
            int Depth(int level) =>
                config["transformer_layers_per_block"]! is JsonArray list
                    ? (int)list[level]!
                    : (int)config["transformer_layers_per_block"]!;
            return new UNetWidths(
                channels,
                (int)config["layers_per_block"]!,
                [.. types.Select((type, level) => (string)type! == "DownBlock2D" ? 0 : Depth(level))],
                Depth(channels.Length - 1),
                (long)config["cross_attention_dim"]!,
                (bool)config["use_linear_projection"]!
            );
        }
    }
}
