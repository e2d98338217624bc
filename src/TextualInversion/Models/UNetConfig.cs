using System.Text.Json.Serialization;

namespace TextualInversion.Models;

/// <summary>
/// <c>unet/config.json</c> (https://huggingface.co/docs/diffusers/api/models/unet2d-cond). Only what a supported checkpoint varies
/// is computed with; for the rest <see cref="Validate"/> insists on the one value that is.
/// </summary>
public sealed record UNetConfig
{
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

    public string ActFn { get; init; } = "silu";

    public string MidBlockType { get; init; } = "UNetMidBlock2DCrossAttn";

    public string ResnetTimeScaleShift { get; init; } = "default";

    public string? AdditionEmbedType { get; init; }

    public string? ClassEmbedType { get; init; }

    public bool DualCrossAttention { get; init; }

    /// <summary>The widest level's heads and the like: entry <paramref name="level"/>, or the only entry.</summary>
    internal static int At(IReadOnlyList<int> values, int level) => values.Count == 1 ? values[0] : values[level];

    /// <exception cref="TextualInversionException">The config asks for something that this U-Net does not compute.</exception>
    internal void Validate(string file)
    {
        Require(nameof(InChannels), InChannels, 4); // 9 is an inpainting model
        Require(nameof(OutChannels), OutChannels, 4);
        Require(nameof(ActFn), ActFn, "silu");
        Require(nameof(MidBlockType), MidBlockType, "UNetMidBlock2DCrossAttn");
        Require(nameof(ResnetTimeScaleShift), ResnetTimeScaleShift, "default");
        Require(nameof(AdditionEmbedType), AdditionEmbedType, null);
        Require(nameof(ClassEmbedType), ClassEmbedType, null);
        Require(nameof(DualCrossAttention), DualCrossAttention, false);
        var levels = BlockOutChannels.Count;
        Require("the number of DownBlockTypes", DownBlockTypes.Count, levels);
        Require("the number of UpBlockTypes", UpBlockTypes.Count, levels);
        foreach (var values in new[] { LayersPerBlock, AttentionHeadDim, TransformerLayersPerBlock })
            if (values.Count != 1) Require("the length of a list", values.Count, levels);

        void Require<T>(string name, T found, T supported)
        {
            if (!Equals(found, supported))
                throw new TextualInversionException($"{file}: its config.json has {name} = {found?.ToString() ?? "null"}, only {supported?.ToString() ?? "null"} is supported; this is another kind of model.");
        }
    }
}
