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
    [InlineData("in_channels", "9", "in_channels is 9; it must be 4")] // inpainting
    [InlineData("in_channels", "8", "in_channels is 8; it must be 4")] // InstructPix2Pix
    [InlineData("time_cond_proj_dim", "256", "time_cond_proj_dim is 256; it must be null")] // LCM
    [InlineData("class_embed_type", "\"timestep\"", "class_embed_type is timestep; it must be null")] // x4 upscaler
    [InlineData("num_class_embeds", "1000", "num_class_embeds is 1000; it must be null")]
    [InlineData("addition_embed_type", "\"text_image\"", "addition_embed_type is text_image; it must be null or text")]
    [InlineData("mid_block_type", "null", "mid_block_type is null; it must be UNetMidBlock2DCrossAttn")]
    [InlineData("only_cross_attention", "true", "only_cross_attention is true; it must be false")]
    [InlineData("resnet_out_scale_factor", "2.0", "resnet_out_scale_factor is 2.0; it must be 1")]
    [InlineData(
        "reverse_transformer_layers_per_block",
        "[[1]]",
        "reverse_transformer_layers_per_block is [[1]]; it must be null"
    )]
    [InlineData("down_block_types", "[\"DownBlock2D\"]", "the length of down_block_types is 1; it must be 4")]
    [InlineData("down_block_types", "[null, null, null, null]", "down_block_types[0] is null; it must be CrossAttn")]
    [InlineData("layers_per_block", "[1, 2]", "the length of layers_per_block is 2; it must be 1 or 4")]
    [InlineData("layers_per_block", "-1", "layers_per_block is -1; it must be a whole number from 1 to 64")]
    [InlineData("norm_num_groups", "0", "norm_num_groups is 0; it must be a whole number from 1")]
    [InlineData("norm_num_groups", "7", "norm_num_groups is 7; it must be a divisor of each of block_out_channels")]
    [InlineData("attention_head_dim", "0", "attention_head_dim is 0; it must be a whole number from 1")]
    [InlineData(
        "attention_head_dim",
        "3",
        "attention_head_dim is 3; it must be the number of heads, a divisor of the 16"
    )]
    [InlineData("block_out_channels", "[]", "the length of block_out_channels is 0; it must be")]
    [InlineData(
        "block_out_channels",
        "null",
        "block_out_channels is null; it must be a whole number or a list of them"
    )]
    [InlineData("downsample_padding", "128", "downsample_padding is 128; it must be 1")]
    [InlineData(
        "attention_head_dim",
        "null",
        "attention_head_dim is null; it must be a whole number or a list of them"
    )]
    [InlineData(
        "attention_head_dim",
        "[[1]]",
        "attention_head_dim is [[1]]; it must be a whole number or a list of them"
    )]
    [InlineData("sample_size", "\"64\"", "sample_size is \"64\"; it must be a whole number.")]
    [InlineData("act_fn", "\"\\ud800\"", "the string \"\\ud800\" at act_fn is not valid Unicode")]
    public void Config_UnsupportedValue_NamesFileKeyValueAndWhatIsAllowed(string key, string value, string expected)
    {
        var error = Assert.Throws<TextualInversionException>(() => Config(key, value));
        Assert.StartsWith(folder.File("unet/config.json") + ": ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message);
    }

    [Fact]
    public void Config_MissingKey_NamesIt()
    {
        folder.Write("unet/config.json", "{}");
        var error = Assert.Throws<TextualInversionException>(() =>
            new ModelFolder(folder.Path).Config<UNetConfig>("unet")
        );
        Assert.Contains("block_out_channels is missing; it must be a whole number or a list", error.Message);
    }

    [Theory]
    [InlineData("resnet_out_scale_factor", "1")]
    [InlineData("mid_block_only_cross_attention", "false")]
    [InlineData("upcast_attention", "true")]
    [InlineData("dropout", "0.1")]
    [InlineData("some_key_of_tomorrow", "[1]")]
    public void Config_KeyWithoutEffect_IsIgnored(string key, string value) => Assert.NotNull(Config(key, value));

    [Theory]
    [InlineData(null, 88)]
    [InlineData(8, 89)]
    [InlineData(8, null)]
    public void RequireTextTime_WidthsThatDoNotFit_Throws(int? width, int? input)
    {
        var config = Config("freq_shift", "0") with
        {
            AdditionTimeEmbedDim = width,
            ProjectionClassEmbeddingsInputDim = input,
        };
        Assert.Contains(
            "6 times addition_time_embed_dim",
            Assert.Throws<TextualInversionException>(() => config.RequireTextTime(40, new ConfigCheck("a"))).Message
        );
    }

    private UNetConfig Config(string key, string value)
    {
        var json = JsonNode.Parse(
            """
            {"block_out_channels": [16, 16, 32, 32], "cross_attention_dim": 32, "norm_num_groups": 8,
             "down_block_types":
               ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
             "up_block_types":
               ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]}
            """
        )!;
        json[key] = "VALUE";
        folder.Write("unet/config.json", json.ToJsonString().Replace("\"VALUE\"", value, StringComparison.Ordinal));
        return new ModelFolder(folder.Path).Config<UNetConfig>("unet");
    }
}
