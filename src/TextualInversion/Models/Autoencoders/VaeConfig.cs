using System.Text.Json;
using System.Text.Json.Serialization;
using TextualInversion.Checkpoints;

namespace TextualInversion.Models.Autoencoders;

/// <summary><c>vae/config.json</c> (https://huggingface.co/docs/diffusers/api/models/autoencoderkl).</summary>
internal sealed record VaeConfig : IModelConfig
{
    private const int MostLevels = 8,
        MostChannels = 16_384,
        MostLayers = 64;

    /// <summary>Keys that change what is computed, with the one value that is supported.</summary>
    private static readonly (string Key, string Supported)[] Fixed =
    [
        ("act_fn", "silu"),
        ("in_channels", "3"),
        ("out_channels", "3"),
        ("latents_mean", "null"),
        ("latents_std", "null"),
    ];

    /// <summary>The epsilon of every norm, fixed in diffusers' AutoencoderKL.</summary>
    internal const double NormEps = 1e-6;

    /// <summary>The channels of each level, nearest to the image first.</summary>
    public required IReadOnlyList<int> BlockOutChannels { get; init; }

    public int LatentChannels { get; init; } = 4;

    /// <summary>Residual blocks of each level of the encoder; the decoder has one more.</summary>
    public int LayersPerBlock { get; init; } = 1;

    public int NormNumGroups { get; init; } = 32;

    /// <summary>
    /// The factor that makes the variance of latents about one (Rombach et al. 2022, appendix G). Latents outside the
    /// VAE are always scaled.
    /// </summary>
    public double ScalingFactor { get; init; } = 0.18215;

    public double? ShiftFactor { get; init; }

    public bool MidBlockAddAttention { get; init; } = true;

    public bool UseQuantConv { get; init; } = true;

    public bool UsePostQuantConv { get; init; } = true;

    /// <summary>The file's other keys.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; init; }

    /// <summary>The height and width of a latent cell, in pixels.</summary>
    internal int PixelsPerCell => 1 << (BlockOutChannels.Count - 1);

    /// <inheritdoc/>
    public void Validate(ConfigCheck check)
    {
        check.Require(LatentChannels == 4, "latent_channels", LatentChannels, "4, as in all Stable Diffusion models");
        check.Require(ShiftFactor is null or 0, "shift_factor", ShiftFactor, "null or 0");
        check.Require(MidBlockAddAttention, "mid_block_add_attention", MidBlockAddAttention, "true");
        foreach (var (key, supported) in Fixed)
            RequireSupported(check, key, supported);

        check.Range("the length of block_out_channels", BlockOutChannels.Count, 1, MostLevels);
        check.Range("block_out_channels", BlockOutChannels, 1, MostChannels);
        check.Range("layers_per_block", LayersPerBlock, 1, MostLayers);
        check.Range("norm_num_groups", NormNumGroups, 1, MostChannels);
        check.Require(
            BlockOutChannels.All(channels => channels % NormNumGroups == 0),
            "norm_num_groups",
            NormNumGroups,
            $"a divisor of each of block_out_channels, [{string.Join(", ", BlockOutChannels)}]"
        );
        check.Positive("scaling_factor", ScalingFactor, 1000);
    }

    /// <summary>Compares the config with the shapes of the weights.</summary>
    /// <exception cref="TextualInversionException">They differ.</exception>
    internal void RequireFit(ConfigWeights weights)
    {
        const string Down = "encoder.down_blocks";
        var levels = BlockOutChannels.Count;
        weights.Count("the length of block_out_channels", levels, i => $"{Down}.{i}.resnets.0.conv1.weight");
        for (var level = 0; level < levels; level++)
        {
            var block = $"{Down}.{level}";
            var key = $"block_out_channels[{level}]";
            weights.Size(key, BlockOutChannels[level], $"{block}.resnets.0.conv1.weight", axis: 0);
            weights.Count("layers_per_block", LayersPerBlock, i => $"{block}.resnets.{i}.conv1.weight");
        }

        RequirePresence("use_quant_conv", UseQuantConv, "quant_conv.weight");
        RequirePresence("use_post_quant_conv", UsePostQuantConv, "post_quant_conv.weight");

        void RequirePresence(string key, bool value, string tensor) =>
            weights.Require(weights.Contains(tensor) == value, key, value, value ? "false" : "true");
    }

    private void RequireSupported(ConfigCheck check, string key, string supported)
    {
        if (Others?.TryGetValue(key, out var value) != true)
            return;
        var found = value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
        check.Require(found == supported, key, found, $"{supported}; this is another kind of VAE");
    }
}
