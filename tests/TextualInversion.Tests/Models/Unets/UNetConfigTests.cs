using System.Text.Json.Nodes;
using TextualInversion.Checkpoints;
using TextualInversion.Models.Unets;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Models.Unets;

public sealed class UNetConfigTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("in_channels", "9", "InChannels = 9, only 4")] // inpainting
    [InlineData("in_channels", "8", "InChannels = 8, only 4")] // InstructPix2Pix
    [InlineData("time_cond_proj_dim", "256", "time_cond_proj_dim = 256, only null")] // LCM
    [InlineData("class_embed_type", "\"timestep\"", "class_embed_type = timestep, only null")] // x4 upscaler
    [InlineData("num_class_embeds", "1000", "num_class_embeds = 1000, only null")]
    [InlineData("addition_embed_type", "\"text_image\"", "AdditionEmbedType = text_image, only text_time")]
    [InlineData("mid_block_type", "null", "mid_block_type = null, only UNetMidBlock2DCrossAttn")]
    [InlineData("only_cross_attention", "true", "only_cross_attention = true, only false")]
    [InlineData("resnet_out_scale_factor", "2.0", "resnet_out_scale_factor = 2.0, only 1")]
    [InlineData(
        "reverse_transformer_layers_per_block",
        "[[1]]",
        "reverse_transformer_layers_per_block = [[1]], only null"
    )]
    [InlineData("down_block_types", "[\"DownBlock2D\"]", "the number of DownBlockTypes = 1, only 4")]
    [InlineData("layers_per_block", "[1, 2]", "the length of a list = 2, only 4")]
    [InlineData("norm_num_groups", "0", "norm_num_groups 0")]
    [InlineData("norm_num_groups", "7", "norm_num_groups 7")]
    [InlineData("attention_head_dim", "0", "attention_head_dim [0] below 1")]
    public void Validate_WhatIsNotComputed_NamesIt(string key, string value, string expected)
    {
        var config = Config(key, value);
        var error = Assert.Throws<TextualInversionException>(() => config.Validate("unet.safetensors"));
        Assert.StartsWith($"unet.safetensors: its config.json has ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message);
    }

    [Theory]
    [InlineData("resnet_out_scale_factor", "1")]
    [InlineData("mid_block_only_cross_attention", "false")]
    [InlineData("upcast_attention", "true")]
    [InlineData("dropout", "0.1")]
    [InlineData("some_key_of_tomorrow", "[1]")]
    public void Validate_WhatDoesNotMatter_IsTaken(string key, string value) =>
        Config(key, value).Validate("unet.safetensors");

    [Theory]
    [InlineData("attention_head_dim", "null")]
    [InlineData("attention_head_dim", "[[1]]")]
    [InlineData("sample_size", "\"64\"")]
    public void Config_Malformed_NamesTheFile(string key, string value) =>
        Assert.StartsWith(
            folder.File("unet/config.json"),
            Assert.Throws<TextualInversionException>(() => Config(key, value)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData(null, 88)]
    [InlineData(8, 89)]
    [InlineData(8, null)]
    public void RequireTextTime_WidthsThatDoNotFit_AreNamed(int? width, int? input)
    {
        var config = Config("freq_shift", "0") with
        {
            AdditionTimeEmbedDim = width,
            ProjectionClassEmbeddingsInputDim = input,
        };
        Assert.Contains(
            "6 times the former and the 40",
            Assert.Throws<TextualInversionException>(() => config.RequireTextTime(40, "a")).Message
        );
    }

    private UNetConfig Config(string key, string value)
    {
        var json = JsonNode.Parse(
            """
            {"block_out_channels": [16, 16, 32, 32], "cross_attention_dim": 32, "norm_num_groups": 8,
             "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
             "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]}
            """
        )!;
        json[key] = JsonNode.Parse(value);
        folder.Write("unet/config.json", json.ToJsonString());
        return new ModelFolder(folder.Path).Config<UNetConfig>("unet");
    }
}
