using TextualInversion.Hub;

namespace TextualInversion.Tests.Hub;

public sealed class ModelFileSelectionTests
{
    private static readonly string[] Configs =
    [
        "model_index.json",
        "unet/config.json",
        "vae/config.json",
        "text_encoder/config.json",
        "scheduler/scheduler_config.json",
        "tokenizer/vocab.json",
    ];

    [Theory]
    [InlineData(null, "model.safetensors", "model.safetensors model.fp16.safetensors pytorch_model.bin")]
    [InlineData("fp16", "model.fp16.safetensors", "model.safetensors model.fp16.safetensors pytorch_model.fp16.bin")]
    [InlineData(null, "model.fp16.safetensors", "model.non_ema.safetensors model.fp16.safetensors pytorch_model.bin")]
    [InlineData(
        null,
        "pytorch_model.bin",
        "pytorch_model.bin pytorch_model.fp16.bin flax_model.msgpack tf_model.h5 model.onnx openvino_model.bin"
    )]
    [InlineData(
        null,
        "model.safetensors.index.json",
        "model.safetensors.index.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors "
            + "model.safetensors.index.fp16.json"
    )]
    [InlineData(
        "fp16",
        "model.safetensors.index.fp16.json",
        "model.safetensors.index.json model.safetensors.index.fp16.json model.fp16-00001-of-00002.safetensors "
            + "model-00001-of-00002.fp16.safetensors"
    )]
    [InlineData("fp16", "model.fp16.safetensors.index.json", "model.safetensors model.fp16.safetensors.index.json")]
    [InlineData("fp16", "model.safetensors", "model.safetensors")] // the U-Net has it
    public void Select_Weights_TakesOneSet(string? variant, string expected, string files)
    {
        var selected = Select(
            variant,
            [
                .. Configs,
                "unet/diffusion_pytorch_model.fp16.safetensors",
                "vae/diffusion_pytorch_model.safetensors",
                .. files.Split(' ').Select(file => $"text_encoder/{file}"),
            ]
        );

        Assert.Equal(
            [$"text_encoder/{expected}"],
            selected.Where(file =>
                file.StartsWith("text_encoder/", StringComparison.Ordinal)
                && !file.EndsWith("/config.json", StringComparison.Ordinal)
            )
        );
    }

    [Fact]
    public void Select_Sdxl_TakesBothEncodersAndTokenizers()
    {
        string[] needed =
        [
            .. Configs,
            "unet/diffusion_pytorch_model.safetensors",
            "vae/diffusion_pytorch_model.safetensors",
            "text_encoder/model.safetensors",
            "text_encoder_2/config.json",
            "text_encoder_2/model.safetensors",
            "tokenizer_2/tokenizer.json",
            "tokenizer_2/special_tokens_map.json",
        ];

        Assert.Equal(
            needed.Order(),
            Select(
                    null,
                    [
                        .. needed,
                        "vae_1_0/diffusion_pytorch_model.safetensors",
                        "sd_xl_base_1.0.safetensors",
                        "text_encoder_2/model.onnx_data",
                    ]
                )
                .Order()
        );
    }

    [Fact]
    public void Select_UnknownVariant_OffersThose() =>
        AssertError(
            "a/b: has no weights of the variant fp8; it has fp16, non_ema.",
            () =>
                Select(
                    "fp8",
                    [
                        .. Whole("diffusion_pytorch_model.non_ema.safetensors"),
                        "unet/diffusion_pytorch_model.fp16.safetensors",
                    ]
                )
        );

    [Fact]
    public void Select_NoVariants_SaysToLeaveItOut() =>
        AssertError("; leave the variant out.", () => Select("fp16", Whole("diffusion_pytorch_model.safetensors")));

    [Fact]
    public void Select_PartWithoutWeights_NamesIt() =>
        AssertError("a/b: unet/ has no weights", () => Select(null, Whole("model.onnx")));

    [Fact]
    public void Select_OtherKindOfModel_NamesWhatItLacks() =>
        AssertError(
            "a/b: has no unet/config.json, so it is not a Stable Diffusion",
            () => Select(null, ["model_index.json", "transformer/config.json"])
        );

    [Fact]
    public void Select_SingleFiles_OffersThem() =>
        AssertError(
            "it holds x.ckpt, y.safetensors: download one of them",
            () => Select(null, ["y.safetensors", "x.ckpt", "README.md"])
        );

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"weight_map": 3}""")]
    [InlineData("""{"weight_map": {"a": 3}}""")]
    public void Shards_NoIndex_NamesIt(string text) =>
        AssertError(
            "unet/x.index.json is not an index",
            () => ModelFileSelection.Shards("a/b", new HashSet<string>(), "unet/x.index.json", text)
        );

    [Theory]
    [InlineData("missing.safetensors")]
    [InlineData("../vae/there.safetensors")]
    [InlineData("/etc/passwd")]
    public void Shards_NotThere_AreNamed(string shard) =>
        AssertError(
            $"names unet/{shard}, which is not there",
            () =>
                ModelFileSelection.Shards(
                    "a/b",
                    new HashSet<string> { "vae/there.safetensors" },
                    "unet/x.index.json",
                    """{"weight_map": {"a": "SHARD"}}""".Replace("SHARD", shard, StringComparison.Ordinal)
                )
        );

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"unet": []}""")]
    public void MissingPart_NoIndex_SaysSo(string text) =>
        AssertError(
            "does not name the model's parts",
            () => ModelFileSelection.MissingPart("a/b", new HashSet<string>(), text)!
        );

    private static string[] Whole(string unet) =>
        [.. Configs, $"unet/{unet}", "vae/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors"];

    private static IReadOnlyList<string> Select(string? variant, string[] files) =>
        ModelFileSelection.Select("a/b", files.ToHashSet(), variant);

    private static void AssertError(string part, Func<object> action) =>
        Assert.Contains(part, Assert.Throws<TextualInversionException>(action).Message);
}
