using System.Text.Json;
using System.Text.Json.Serialization;
using TextualInversion.Checkpoints;

namespace TextualInversion.Models.Unets;

/// <summary>
/// <c>unet/config.json</c> (https://huggingface.co/docs/diffusers/api/models/unet2d-cond). The properties are what
/// supported checkpoints vary; of all other keys that change the result, <see cref="Validate"/> allows one value.
/// <c>upcast_attention</c> is ignored: it matters to float16 alone.
/// </summary>
internal sealed record UNetConfig : IModelConfig
{
    private const int MostLevels = 8,
        MostChannels = 16_384,
        MostLayers = 64,
        MostCells = 512; // latents of 4096-pixel images

    /// <summary>Keys that change what is computed, with the values that are supported.</summary>
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

    /// <summary>The height and width of the latents that the model was trained on, in latent cells.</summary>
    public int SampleSize { get; init; } = 64;

    /// <summary>The channels of each level, outermost first.</summary>
    public required IReadOnlyList<int> BlockOutChannels { get; init; }

    /// <summary>
    /// <c>CrossAttnDownBlock2D</c> for a level with transformers, <c>DownBlock2D</c> for one without.
    /// </summary>
    public required IReadOnlyList<string> DownBlockTypes { get; init; }

    /// <summary>The same for the way up, innermost level first.</summary>
    public required IReadOnlyList<string> UpBlockTypes { get; init; }

    /// <summary>Residual blocks of each level on the way down; on the way up there is one more.</summary>
    public IReadOnlyList<int> LayersPerBlock { get; init; } = [2];

    /// <summary>D, the width of the text encoder's states.</summary>
    public required int CrossAttentionDim { get; init; }

    /// <summary>
    /// The number of attention heads, for all levels or for each. The name is wrong, but diffusers keeps it for
    /// published checkpoints.
    /// </summary>
    public IReadOnlyList<int> AttentionHeadDim { get; init; } = [8];

    /// <summary>Blocks of each transformer, for all levels or for each.</summary>
    public IReadOnlyList<int> TransformerLayersPerBlock { get; init; } = [1];

    public bool UseLinearProjection { get; init; }

    public int NormNumGroups { get; init; } = 32;

    public double NormEps { get; init; } = 1e-5;

    public bool FlipSinToCos { get; init; } = true;

    public double FreqShift { get; init; }

    public int DownsamplePadding { get; init; } = 1;

    /// <summary><c>text_time</c> in Stable Diffusion XL, null in the others.</summary>
    public string? AdditionEmbedType { get; init; }

    /// <summary>The width of the sinusoidal embedding of each value of the image's size and crop.</summary>
    public int? AdditionTimeEmbedDim { get; init; }

    /// <summary>The width of those embeddings together with the pooled text.</summary>
    public int? ProjectionClassEmbeddingsInputDim { get; init; }

    /// <summary>The file's other keys.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; init; }

    /// <summary>The value for a level: entry <paramref name="level"/>, or the only entry.</summary>
    internal static int At(IReadOnlyList<int> values, int level) => values.Count == 1 ? values[0] : values[level];

    /// <inheritdoc/>
    public void Validate(ConfigCheck check)
    {
        check.Require(
            InChannels == 4,
            "in_channels",
            InChannels,
            "4, since other models are for inpainting or editing"
        );
        check.Require(OutChannels == 4, "out_channels", OutChannels, "4");
        check.Require(
            AdditionEmbedType is null or "text_time",
            "addition_embed_type",
            AdditionEmbedType,
            "null or text_time"
        );
        check.Require(DownsamplePadding == 1, "downsample_padding", DownsamplePadding, "1");
        foreach (var (key, supported) in Fixed)
            RequireSupported(check, key, supported);
        ValidateLevels(check);
        ValidateAttention(check);

        check.Range("sample_size", SampleSize, 1, MostCells);
        check.Positive("norm_eps", NormEps, 1);
        check.Require(FreqShift is >= 0 and <= 1, "freq_shift", FreqShift, "from 0 to 1");
        if (AdditionEmbedType is null)
            return;
        check.Range("addition_time_embed_dim", AdditionTimeEmbedDim ?? 0, 4, MostChannels);
        check.Require(AdditionTimeEmbedDim % 2 == 0, "addition_time_embed_dim", AdditionTimeEmbedDim, "even");
        check.Range(
            "projection_class_embeddings_input_dim",
            ProjectionClassEmbeddingsInputDim ?? 0,
            1,
            16 * MostChannels
        );
    }

    /// <summary>Whether the level has transformers, on the way down.</summary>
    internal bool HasDownAttention(int level) => DownBlockTypes[level] == "CrossAttnDownBlock2D";

    /// <summary>Whether block <paramref name="index"/> of the way up has transformers; 0 is the innermost.</summary>
    internal bool HasUpAttention(int index) => UpBlockTypes[index] == "CrossAttnUpBlock2D";

    /// <summary>Compares the config with the shapes of the weights.</summary>
    /// <exception cref="TextualInversionException">They differ.</exception>
    internal void RequireFit(ConfigWeights weights)
    {
        const string Mid = "mid_block.attentions.0";
        var levels = BlockOutChannels.Count;
        weights.Count("the length of block_out_channels", levels, i => $"down_blocks.{i}.resnets.0.conv1.weight");
        for (var level = 0; level < levels; level++)
        {
            var block = $"down_blocks.{level}";
            var key = $"block_out_channels[{level}]";
            weights.Size(key, BlockOutChannels[level], $"{block}.resnets.0.conv1.weight", axis: 0);
            var layers = At(LayersPerBlock, level);
            weights.Count("layers_per_block", layers, i => $"{block}.resnets.{i}.conv1.weight");
            RequireBlockType(weights, "down", level, DownBlockTypes[level], HasDownAttention(level));
            RequireBlockType(weights, "up", level, UpBlockTypes[level], HasUpAttention(level));
            if (HasDownAttention(level))
                RequireDepth(weights, level, $"{block}.attentions.0");
        }

        RequireDepth(weights, levels - 1, Mid);
        const string TextKey = $"{Mid}.transformer_blocks.0.attn2.to_k.weight";
        weights.Size("cross_attention_dim", CrossAttentionDim, TextKey, axis: 1);
        var isLinear = weights.Length($"{Mid}.proj_in.weight", axis: 2) is null;
        weights.Require(
            isLinear == UseLinearProjection || !weights.Contains($"{Mid}.proj_in.weight"),
            "use_linear_projection",
            UseLinearProjection,
            isLinear ? "true" : "false"
        );
        var hasAddition = weights.Contains("add_embedding.linear_1.weight");
        weights.Require(
            hasAddition == AdditionEmbedType is not null,
            "addition_embed_type",
            AdditionEmbedType,
            hasAddition ? "text_time" : "null"
        );
        if (ProjectionClassEmbeddingsInputDim is { } width && hasAddition)
            weights.Size("projection_class_embeddings_input_dim", width, "add_embedding.linear_1.weight", axis: 1);
    }

    /// <summary>Compares the widths of a <c>text_time</c> embedding with the pooled text.</summary>
    /// <param name="pooledWidth">The width of the text encoder's projected pooled output.</param>
    /// <param name="check">The config file, for messages.</param>
    /// <exception cref="TextualInversionException">They do not fit together.</exception>
    internal void RequireTextTime(int pooledWidth, ConfigCheck check)
    {
        var width = pooledWidth + (long)SizeConditioning.Length * (AdditionTimeEmbedDim ?? 0);
        check.Require(
            AdditionTimeEmbedDim is not null && ProjectionClassEmbeddingsInputDim == width,
            "projection_class_embeddings_input_dim",
            ProjectionClassEmbeddingsInputDim,
            $"{width}: {SizeConditioning.Length} times addition_time_embed_dim ({AdditionTimeEmbedDim}) and the "
                + $"pooled text's {pooledWidth}"
        );
    }

    private void ValidateLevels(ConfigCheck check)
    {
        var levels = BlockOutChannels.Count;
        check.Range("the length of block_out_channels", levels, 1, MostLevels);
        check.Range("norm_num_groups", NormNumGroups, 1, MostChannels);
        check.Range("block_out_channels", BlockOutChannels, 1, MostChannels);
        foreach (var channels in BlockOutChannels)
            check.Require(
                channels % NormNumGroups == 0,
                "norm_num_groups",
                NormNumGroups,
                $"a divisor of each of block_out_channels, [{string.Join(", ", BlockOutChannels)}]"
            );
        // Half are sines and half cosines of the timestep.
        check.Require(
            BlockOutChannels[0] is >= 4 && BlockOutChannels[0] % 2 == 0,
            "block_out_channels[0]",
            BlockOutChannels[0],
            "even and at least 4"
        );
        RequireLength(check, "layers_per_block", LayersPerBlock.Count);
        check.Range("layers_per_block", LayersPerBlock, 1, MostLayers);
        RequireTypes("down_block_types", DownBlockTypes, "CrossAttnDownBlock2D", "DownBlock2D");
        RequireTypes("up_block_types", UpBlockTypes, "CrossAttnUpBlock2D", "UpBlock2D");

        void RequireTypes(string key, IReadOnlyList<string?> types, string first, string second)
        {
            check.Require(
                types.Count == levels,
                $"the length of {key}",
                types.Count,
                $"{levels}, as of block_out_channels"
            );
            foreach (var (index, type) in types.Index())
                check.Require(type == first || type == second, $"{key}[{index}]", type, $"{first} or {second}");
        }
    }

    private void ValidateAttention(ConfigCheck check)
    {
        var levels = BlockOutChannels.Count;
        check.Range("cross_attention_dim", CrossAttentionDim, 1, MostChannels);
        RequireLength(check, "attention_head_dim", AttentionHeadDim.Count);
        check.Range("attention_head_dim", AttentionHeadDim, 1, MostChannels);
        RequireLength(check, "transformer_layers_per_block", TransformerLayersPerBlock.Count);
        check.Range("transformer_layers_per_block", TransformerLayersPerBlock, 0, MostLayers);
        for (var level = 0; level < levels; level++)
        {
            if (!HasDownAttention(level) && !HasUpAttention(levels - 1 - level) && level < levels - 1)
                continue;
            var (channels, heads) = (BlockOutChannels[level], At(AttentionHeadDim, level));
            check.Require(
                channels % heads == 0,
                "attention_head_dim",
                heads,
                $"the number of heads, a divisor of the {channels} channels of level {level}"
            );
            check.Require(
                At(TransformerLayersPerBlock, level) > 0,
                "transformer_layers_per_block",
                At(TransformerLayersPerBlock, level),
                $"at least 1 for level {level}, which has attention"
            );
        }
    }

    private void RequireLength(ConfigCheck check, string key, int length)
    {
        var levels = BlockOutChannels.Count;
        check.Require(length == 1 || length == levels, $"the length of {key}", length, $"1 or {levels}");
    }

    private void RequireSupported(ConfigCheck check, string key, string[] supported)
    {
        if (Others?.TryGetValue(key, out var value) != true)
            return;
        var found = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        check.Require(supported.Contains(found), key, found, $"{supported[0]}; this is another kind of model");
    }

    private static void RequireBlockType(ConfigWeights weights, string way, int index, string type, bool hasAttention)
    {
        if (!weights.Contains($"{way}_blocks.{index}.resnets.0.conv1.weight"))
            return;
        var isExpected = weights.Contains($"{way}_blocks.{index}.attentions.0.norm.weight");
        var name = way == "down" ? "DownBlock2D" : "UpBlock2D";
        weights.Require(
            hasAttention == isExpected,
            $"{way}_block_types[{index}]",
            type,
            isExpected ? $"CrossAttn{name}" : name
        );
    }

    private void RequireDepth(ConfigWeights weights, int level, string transformer) =>
        weights.Count(
            "transformer_layers_per_block",
            At(TransformerLayersPerBlock, level),
            i => $"{transformer}.transformer_blocks.{i}.norm1.weight"
        );
}
