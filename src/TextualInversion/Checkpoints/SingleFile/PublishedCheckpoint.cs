using System.Text.Json.Nodes;

namespace TextualInversion.Checkpoints.SingleFile;

/// <summary>
/// The tensors of the published models, and their configs without values that are defaults: huggingface.co,
/// repositories in <see cref="SingleFileModel.TokenizerPlaces"/>.
/// </summary>
internal static class PublishedCheckpoint
{
    private const string Levels4 = """
        "in_channels": 4, "out_channels": 4, "layers_per_block": 2, "block_out_channels": [320, 640, 1280, 1280],
        "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
        "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
        "transformer_layers_per_block": 1
        """;

    private const string VaeLevels = """
        "_class_name": "AutoencoderKL", "block_out_channels": [128, 256, 512, 512], "latent_channels": 4,
        "layers_per_block": 2, "use_quant_conv": true, "use_post_quant_conv": true
        """;

    private static readonly string ClipLarge = """
        { "vocab_size": 49408, "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
        "num_attention_heads": 12, "max_position_embeddings": 77, "hidden_act": "quick_gelu" }
        """;

    /// <summary>The configs of a version, by part.</summary>
    public static IReadOnlyDictionary<string, JsonNode> Configs(ModelVersion line) =>
        (
            line switch
            {
                ModelVersion.StableDiffusion1 => new Dictionary<string, string>
                {
                    ["unet"] = $$"""
                        { "_class_name": "UNet2DConditionModel", {{Levels4}}, "attention_head_dim": 8,
                        "cross_attention_dim": 768, "sample_size": 64, "use_linear_projection": false }
                        """,
                    ["vae"] = $$"""{ {{VaeLevels}}, "scaling_factor": 0.18215 }""",
                    ["text_encoder"] = ClipLarge,
                },
                ModelVersion.StableDiffusion2 => new Dictionary<string, string>
                {
                    ["unet"] = $$"""
                        { "_class_name": "UNet2DConditionModel", {{Levels4}},
                        "attention_head_dim": [5, 10, 20, 20], "cross_attention_dim": 1024, "sample_size": 96,
                        "use_linear_projection": true }
                        """,
                    ["vae"] = $$"""{ {{VaeLevels}}, "scaling_factor": 0.18215 }""",
                    ["text_encoder"] = """
                        { "vocab_size": 49408, "hidden_size": 1024, "intermediate_size": 4096,
                        "num_hidden_layers": 23, "num_attention_heads": 16, "max_position_embeddings": 77,
                        "hidden_act": "gelu" }
                        """,
                },
                _ => new Dictionary<string, string>
                {
                    ["unet"] = """
                        { "_class_name": "UNet2DConditionModel", "in_channels": 4, "out_channels": 4,
                        "layers_per_block": 2, "block_out_channels": [320, 640, 1280],
                          "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
                          "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
                          "transformer_layers_per_block": [1, 2, 10], "attention_head_dim": [5, 10, 20],
                          "cross_attention_dim": 2048, "sample_size": 128, "use_linear_projection": true,
                          "addition_embed_type": "text_time", "addition_time_embed_dim": 256,
                          "projection_class_embeddings_input_dim": 2816 }
                        """,
                    ["vae"] = $$"""{ {{VaeLevels}}, "scaling_factor": 0.13025 }""",
                    ["text_encoder"] = ClipLarge,
                    ["text_encoder_2"] = """
                        { "vocab_size": 49408, "hidden_size": 1280, "intermediate_size": 5120,
                        "num_hidden_layers": 32, "num_attention_heads": 20, "max_position_embeddings": 77,
                        "hidden_act": "gelu", "projection_dim": 1280 }
                        """,
                },
            }
        ).ToDictionary(config => config.Key, config => JsonNode.Parse(config.Value)!);

    /// <summary>A checkpoint of the networks in the configs, as names and shapes.</summary>
    public static IReadOnlyList<(string Name, long[] Shape)> Tensors(
        ModelVersion line,
        IReadOnlyDictionary<string, JsonNode> configs
    )
    {
        var shapes = new LdmShapes().UNet(configs["unet"]).Vae(configs["vae"]);
        return (
            line switch
            {
                ModelVersion.StableDiffusion1 => shapes.Clip(configs["text_encoder"], "cond_stage_model.transformer."),
                ModelVersion.StableDiffusion2 => shapes.OpenClip(
                    configs["text_encoder"],
                    "cond_stage_model.model.",
                    unused: 1
                ),
                _ => shapes
                    .Clip(configs["text_encoder"], "conditioner.embedders.0.transformer.")
                    .OpenClip(configs["text_encoder_2"], "conditioner.embedders.1.model.", unused: 0),
            }
        ).Tensors;
    }
}
