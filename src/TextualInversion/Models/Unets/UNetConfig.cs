using System.Text.Json;
using System.Text.Json.Serialization;

namespace TextualInversion.Models.Unets;

/// <summary>
/// <c>unet/config.json</c> (https://huggingface.co/docs/diffusers/api/models/unet2d-cond). Only what a supported checkpoint varies
/// is computed with; for the rest <see cref="Validate"/> insists on the one value that is. Whether attention is upcast matters to fp16 alone.
/// </summary>
internal sealed record UNetConfig
{
    /// <summary>The keys that change what is computed and of which one value is computed here.</summary>
    private static readonly (string Key, string[] Supported)[] Fixed =
    [
        ("act_fn", ["silu"]),
        ("attention_type", ["default"]),
        ("center_input_sample", ["false"]),
        ("class_embed_type", ["null"]),
        ("conv_in_kernel", ["3"]),
        ("conv_out_kernel", ["3"]),
        ("cross_attention_norm", ["null"]),
        ("dual_cross_attention", ["false"]),
        ("encoder_hid_dim", ["null"]),
        ("encoder_hid_dim_type", ["null"]),
        ("mid_block_only_cross_attention", ["null", "false"]),
        ("mid_block_scale_factor", ["1", "1.0"]),
        ("mid_block_type", ["UNetMidBlock2DCrossAttn"]),
        ("num_attention_heads", ["null"]),
        ("num_class_embeds", ["null"]),
        ("only_cross_attention", ["false"]),
        ("resnet_out_scale_factor", ["1", "1.0"]),
        ("resnet_skip_time_act", ["false"]),
        ("resnet_time_scale_shift", ["default"]),
        ("reverse_transformer_layers_per_block", ["null"]),
        ("time_cond_proj_dim", ["null"]),
        ("time_embedding_act_fn", ["null"]),
        ("time_embedding_dim", ["null"]),
        ("time_embedding_type", ["positional"]),
        ("timestep_post_act", ["null"]),
    ];

    public int InChannels { get; init; } = 4;

    public int OutChannels { get; init; } = 4;

    /// <summary>The usual height and width of the latents, in cells.</summary>
    public int SampleSize { get; init; } = 64;

    /// <summary>C of each level, outermost first.</summary>
    public required IReadOnlyList<int> BlockOutChannels { get; init; }

    public required IReadOnlyList<string> DownBlockTypes { get; init; }

    public required IReadOnlyList<string> UpBlockTypes { get; init; }

    [JsonConverter(typeof(IntOrListConverter))]
    public IReadOnlyList<int> LayersPerBlock { get; init; } = [2];

    /// <summary>D, the width of the text encoder's states.</summary>
    public required int CrossAttentionDim { get; init; }

    /// <summary>The number of heads, for all levels or each: diffusers keeps the misnomer for old checkpoints.</summary>
    [JsonConverter(typeof(IntOrListConverter))]
    public IReadOnlyList<int> AttentionHeadDim { get; init; } = [8];

    [JsonConverter(typeof(IntOrListConverter))]
    public IReadOnlyList<int> TransformerLayersPerBlock { get; init; } = [1];

    public bool UseLinearProjection { get; init; }

    public int NormNumGroups { get; init; } = 32;

    public double NormEps { get; init; } = 1e-5;

    public bool FlipSinToCos { get; init; } = true;

    public double FreqShift { get; init; }

    public int DownsamplePadding { get; init; } = 1;

    /// <summary><c>text_time</c> in Stable Diffusion XL, null in the others.</summary>
    public string? AdditionEmbedType { get; init; }

    /// <summary>How many sines and cosines there are for each number of the image's size and crop.</summary>
    public int? AdditionTimeEmbedDim { get; init; }

    /// <summary>The width of those together with the pooled text.</summary>
    public int? ProjectionClassEmbeddingsInputDim { get; init; }

    /// <summary>The file's other keys.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; init; }

    /// <summary>The widest level's heads and the like: entry <paramref name="level"/>, or the only entry.</summary>
    internal static int At(IReadOnlyList<int> values, int level) => values.Count == 1 ? values[0] : values[level];

    /// <exception cref="TextualInversionException">The config asks for something that this U-Net does not compute.</exception>
    internal void Validate(string file)
    {
        Require(nameof(InChannels), InChannels, 4); // 9 is an inpainting model
        Require(nameof(OutChannels), OutChannels, 4);
        if (AdditionEmbedType is not null)
            Require(nameof(AdditionEmbedType), AdditionEmbedType, "text_time");
        foreach (var (key, supported) in Fixed)
        {
            if (Others?.TryGetValue(key, out var value) != true)
                continue;
            var found = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
            if (!supported.Contains(found))
                Require(key, found, supported[0]);
        }

        var levels = BlockOutChannels.Count;
        Require("the number of DownBlockTypes", DownBlockTypes.Count, levels);
        Require("the number of UpBlockTypes", UpBlockTypes.Count, levels);
        foreach (var values in new[] { LayersPerBlock, AttentionHeadDim, TransformerLayersPerBlock })
        {
            if (values.Count != 1)
                Require("the length of a list", values.Count, levels);
        }

        if (
            levels == 0
            || NormNumGroups < 1
            || BlockOutChannels.Any(channels => channels < 1 || channels % NormNumGroups != 0)
            || AttentionHeadDim.Any(heads => heads < 1)
        )
            throw new TextualInversionException(
                $"{file}: its config.json has block_out_channels [{string.Join(", ", BlockOutChannels)}], which are no multiples of norm_num_groups {NormNumGroups}, or attention_head_dim [{string.Join(", ", AttentionHeadDim)}] below 1; take the config from the model's page again."
            );

        void Require<T>(string name, T found, T supported)
        {
            if (!Equals(found, supported))
                throw new TextualInversionException(
                    $"{file}: its config.json has {name} = {found?.ToString() ?? "null"}, only {supported?.ToString() ?? "null"} is supported; this is another kind of model."
                );
        }
    }

    /// <summary>Refuses a <c>text_time</c> whose widths do not fit together.</summary>
    /// <param name="pooledWidth">what the text encoder gives for a prompt</param>
    /// <param name="file">whose config this is</param>
    /// <exception cref="TextualInversionException">They do not.</exception>
    internal void RequireTextTime(int pooledWidth, string file)
    {
        if (
            AdditionTimeEmbedDim is not { } width
            || ProjectionClassEmbeddingsInputDim != pooledWidth + SizeConditioning.Length * width
        )
            throw new TextualInversionException(
                $"{file}: has addition_time_embed_dim {AdditionTimeEmbedDim} and projection_class_embeddings_input_dim {ProjectionClassEmbeddingsInputDim}, which must be {SizeConditioning.Length} times the former and the {pooledWidth} of the pooled text; the U-Net and the text encoders do not belong together."
            );
    }
}
