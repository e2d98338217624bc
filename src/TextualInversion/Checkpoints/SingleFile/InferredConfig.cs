using System.Text.Json.Nodes;
using TextualInversion.Tensors;

namespace TextualInversion.Checkpoints.SingleFile;

/// <summary>
/// Configs for a checkpoint, which comes without any: widths and depths from the shapes of its tensors under diffusers'
/// names, and the values that all published models share (32 groups; heads of 64 channels, or 8 heads in Stable
/// Diffusion 1's U-Net).
/// </summary>
internal static class InferredConfig
{
    private const int HeadWidth = 64;

    /// <param name="file">The U-Net.</param>
    /// <param name="heads">The number of heads, if it is the same for all levels. Null: heads of 64 channels.</param>
    /// <param name="sampleSize">The height and width of the latents that it was trained on, in latent cells.</param>
    /// <exception cref="TextualInversionException">A tensor is missing.</exception>
    public static JsonObject UNet(ITensorFile file, int? heads, int sampleSize)
    {
        var levels = Count(file, i => $"down_blocks.{i}.resnets.0.conv1.weight");
        var channels = Enumerable
            .Range(0, levels)
            .Select(level => Shape(file, $"down_blocks.{level}.resnets.0.conv1.weight", 4)[0])
            .ToArray();
        var depths = Enumerable
            .Range(0, levels)
            .Select(level => Count(file, i => $"down_blocks.{level}.attentions.0.transformer_blocks.{i}.norm1.weight"))
            .ToArray();
        var inner = Array.FindIndex(depths, depth => depth > 0);
        if (inner < 0)
            throw Missing(file, "down_blocks.0.attentions.0.transformer_blocks.0.norm1.weight");
        var attention = $"down_blocks.{inner}.attentions.0";
        var config = new JsonObject
        {
            ["_class_name"] = "UNet2DConditionModel",
            ["in_channels"] = Shape(file, "conv_in.weight", 4)[1],
            ["out_channels"] = Shape(file, "conv_out.weight", 4)[0],
            ["sample_size"] = sampleSize,
            ["block_out_channels"] = List(channels),
            ["down_block_types"] = List(depths.Select(depth => depth > 0 ? "CrossAttnDownBlock2D" : "DownBlock2D")),
            ["up_block_types"] = List(depths.Reverse().Select(depth => depth > 0 ? "CrossAttnUpBlock2D" : "UpBlock2D")),
            ["layers_per_block"] = Count(file, i => $"down_blocks.0.resnets.{i}.conv1.weight"),
            ["cross_attention_dim"] = Shape(file, $"{attention}.transformer_blocks.0.attn2.to_k.weight", 2)[1],
            ["attention_head_dim"] = heads is { } number
                ? number
                : List(channels.Select(channel => Heads(file, channel))),
            ["transformer_layers_per_block"] = depths.All(depth => depth <= 1)
                ? 1
                : List(depths.Select(depth => Math.Max(depth, 1))),
            ["use_linear_projection"] = Shape(file, $"{attention}.proj_in.weight").Length == 2,
        };
        if (!file.Tensors.ContainsKey("add_embedding.linear_1.weight"))
            return config;
        config["addition_embed_type"] = "text_time";
        config["addition_time_embed_dim"] = 256;
        config["projection_class_embeddings_input_dim"] = Shape(file, "add_embedding.linear_1.weight", 2)[1];
        return config;
    }

    /// <exception cref="TextualInversionException">A tensor is missing.</exception>
    public static JsonObject Vae(ITensorFile file, double scalingFactor) =>
        new()
        {
            ["_class_name"] = "AutoencoderKL",
            ["block_out_channels"] = List(
                Enumerable
                    .Range(0, Count(file, i => $"encoder.down_blocks.{i}.resnets.0.conv1.weight"))
                    .Select(level => Shape(file, $"encoder.down_blocks.{level}.resnets.0.conv1.weight", 4)[0])
            ),
            ["latent_channels"] = Shape(file, "decoder.conv_in.weight", 4)[1],
            ["layers_per_block"] = Count(file, i => $"encoder.down_blocks.0.resnets.{i}.conv1.weight"),
            ["scaling_factor"] = scalingFactor,
            ["use_quant_conv"] = file.Tensors.ContainsKey("quant_conv.weight"),
            ["use_post_quant_conv"] = file.Tensors.ContainsKey("post_quant_conv.weight"),
        };

    /// <exception cref="TextualInversionException">A tensor is missing.</exception>
    public static JsonObject ClipText(ITensorFile file, string activation)
    {
        var width = Shape(file, "text_model.embeddings.token_embedding.weight", 2)[1];
        var config = new JsonObject
        {
            ["vocab_size"] = Shape(file, "text_model.embeddings.token_embedding.weight", 2)[0],
            ["hidden_size"] = width,
            ["intermediate_size"] = Shape(file, "text_model.encoder.layers.0.mlp.fc1.weight", 2)[0],
            ["num_hidden_layers"] = Count(file, i => $"text_model.encoder.layers.{i}.layer_norm1.weight"),
            ["num_attention_heads"] = Heads(file, width),
            ["max_position_embeddings"] = Shape(file, "text_model.embeddings.position_embedding.weight", 2)[0],
            ["hidden_act"] = activation,
        };
        if (file.Tensors.ContainsKey("text_projection.weight"))
            config["projection_dim"] = Shape(file, "text_projection.weight", 2)[0];
        return config;
    }

    private static long Heads(ITensorFile file, long width) =>
        width % HeadWidth == 0
            ? width / HeadWidth
            : throw new TextualInversionException(
                $"{file.FilePath}: has an unusual size (its width, {width}, is not a multiple of {HeadWidth}); "
                    + "give a diffusers folder with its configs and tokenizer as well."
            );

    private static int Count(ITensorFile file, Func<int, string> name)
    {
        var count = 0;
        while (file.Tensors.ContainsKey(name(count)))
            count++;
        return count;
    }

    private static long[] Shape(ITensorFile file, string name, int? dimensions = null) =>
        file.Tensors.TryGetValue(name, out var entry) && (dimensions is null || entry.Shape.Length == dimensions)
            ? entry.Shape
            : throw Missing(file, name);

    private static TextualInversionException Missing(ITensorFile file, string name) =>
        new(
            $"{file.FilePath}: lacks the tensor {name}, so its architecture is unknown; "
                + "the file is incomplete or another kind of model."
        );

    private static JsonArray List<T>(IEnumerable<T> values) =>
        [.. values.Select(value => (JsonNode?)JsonValue.Create(value))];
}
