using TextualInversion.Checkpoints.Loras;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Checkpoints.Loras;

/// <summary>Files that are refused, with what they are, and the layouts' details.</summary>
public sealed class LoraFileTests : IDisposable
{
    private const string Layer = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_q";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("lora_unet_x.hada_w1_a", "is a LoHa, which is not supported")]
    [InlineData("lora_unet_x.lokr_w1", "is a LoKr, which is not supported")]
    [InlineData("lora_unet_x.oft_blocks", "is an OFT, which is not supported")]
    [InlineData("lora_unet_x.diff", "is a LyCORIS of whole weights")]
    [InlineData("lora_unet_x.w_norm", "is a LyCORIS of norms")]
    [InlineData("unet.x.lora_A.bias", "is a LoRA with biases")]
    [InlineData("emb_params", "is not a LoRA")]
    public void Open_OtherKinds_AreNamed(string key, string expected)
    {
        var error = Assert.Throws<TextualInversionException>(() => LoraFile.Open(Write((key, [2, 2]))));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_UpWithoutDown_IsIncomplete()
    {
        var error = Assert.Throws<TextualInversionException>(() =>
            LoraFile.Open(Write(($"{Layer}.lora_up.weight", [64, 2])))
        );
        Assert.Contains($"is incomplete: {Layer} has no down matrix", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WholeNumbers_AreRefused()
    {
        using var scope = NewDisposeScope();
        var path = folder.File("whole.safetensors");
        SafetensorsFile.Write(
            path,
            new Dictionary<string, Tensor>
            {
                [$"{Layer}.lora_down.weight"] = ones(2, 64),
                [$"{Layer}.lora_up.weight"] = ones(64, 2, ScalarType.Int32),
            },
            new Dictionary<string, string>(),
            overwrite: false
        );
        Assert.EndsWith(
            $"{Layer}.lora_up.weight has whole numbers.",
            Assert.Throws<TextualInversionException>(() => LoraFile.Open(path)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Open_UnknownTensorBesideALora_IsNamed()
    {
        var error = Assert.Throws<TextualInversionException>(() =>
            LoraFile.Open(Write([.. Pair(Layer, 64, 64), ("surprise", [3])]))
        );
        Assert.Contains("also holds surprise", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lora_unet_double_blocks_0_img_attn_qkv", "is a LoRA for Flux")]
    [InlineData("transformer.joint_transformer_blocks.0.attn", "is a LoRA for Stable Diffusion 3")]
    [InlineData("lora_te2_text_model_encoder_layers_0_mlp_fc1", "is a LoRA for Stable Diffusion XL")]
    [InlineData("lora_unet_nowhere", "is a LoRA for another kind of model")]
    public void Bind_LayerThatTheModelDoesNotHave_NamesTheModelAndTheLayer(string layer, string expected)
    {
        var file = LoraFile.Open(Write(Pair(layer, 8, 8)));
        var error = Assert.Throws<TextualInversionException>(() => file.Bind(Targets()));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains($"the model has no layer {layer}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(768, "Stable Diffusion 1")]
    [InlineData(1024, "Stable Diffusion 2")]
    [InlineData(2048, "Stable Diffusion XL")]
    public void Bind_OtherWidth_NamesTheModelAndTheShapes(int width, string model)
    {
        var layer = Layer.Replace("to_q", "to_k", StringComparison.Ordinal);
        var file = LoraFile.Open(Write(Pair(layer, 64, width)));
        var error = Assert.Throws<TextualInversionException>(() => file.Bind(Targets()));
        Assert.Contains($"is a LoRA for {model}", error.Message, StringComparison.Ordinal);
        Assert.Contains($"lora_down.weight is [2, {width}]", error.Message, StringComparison.Ordinal);
        Assert.Contains("the model's layer is [64, 32]", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new long[] { 2, 64 }, new long[] { 64, 3 })] // ranks differ
    [InlineData(new long[] { 2, 64, 3, 3 }, new long[] { 64, 2, 1, 1 })] // a kernel for a matrix
    [InlineData(new long[] { 2, 64, 1 }, new long[] { 64, 2 })]
    [InlineData(new long[] { 128 }, new long[] { 64, 2 })]
    public void Bind_MatricesThatDoNotFit_AreRefused(long[] down, long[] up)
    {
        var file = LoraFile.Open(Write(($"{Layer}.lora_down.weight", down), ($"{Layer}.lora_up.weight", up)));
        Assert.Throws<TextualInversionException>(() => file.Bind(Targets()));
    }

    [Fact]
    public void Open_RankZero_SaysSo()
    {
        var error = Assert.Throws<TextualInversionException>(() =>
            LoraFile.Open(Write(($"{Layer}.lora_down.weight", [0, 64]), ($"{Layer}.lora_up.weight", [64, 0])))
        );
        Assert.Contains($"is damaged: its layer {Layer} has the rank 0", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Use_NotFinite_IsNamed(float value)
    {
        using var scope = NewDisposeScope();
        var path = folder.File("nan.safetensors");
        SafetensorsFile.Write(
            path,
            new Dictionary<string, Tensor>
            {
                [$"{Layer}.lora_down.weight"] = full([2, 64], value),
                [$"{Layer}.lora_up.weight"] = ones([64, 2]),
            },
            new Dictionary<string, string>(),
            overwrite: true
        );
        var files = ModelWithLoras.Of(new GoldenModel("sd1").Folder, [new Lora(path)]);
        var weights = files.Weights("unet");
        var error = Assert.Throws<TextualInversionException>(() =>
            weights.Read("mid_block.attentions.0.transformer_blocks.0.attn2.to_q.weight")
        );
        Assert.Contains($"{path}: {Layer}.lora_down.weight contains NaN", error.Message, StringComparison.Ordinal);
    }

    /// <summary>OneTrainer, kohya's scripts and the WebUI keep embeddings in LoRA files.</summary>
    [Fact]
    public void Open_BundledEmbedding_IsNotPartOfTheLora()
    {
        var file = LoraFile.Open(Write([.. Pair(Layer, 64, 64), ("bundle_emb.my-cat.string_to_param.*", [2, 32])]));
        Assert.Single(file.Bind(Targets()));
    }

    /// <summary>PEFT's rank-stabilized LoRA and its patterns, in the metadata that diffusers writes.</summary>
    [Theory]
    [InlineData("""{"unet.lora_alpha": 8}""", 4)]
    [InlineData("""{"unet.lora_alpha": 8, "unet.use_rslora": true}""", 5.6568542)]
    [InlineData("""{"unet.lora_alpha": 8, "unet.alpha_pattern": {"attn2.to_q": 3}}""", 1.5)]
    [InlineData("""{"unet.lora_alpha": 8, "unet.alpha_pattern": {"to_v": 3}}""", 4)]
    [InlineData("""{"text_encoder.lora_alpha": 8}""", 1)]
    [InlineData("{}", 1)]
    public void Bind_AlphaInTheMetadata_IsTheScale(string config, double expected)
    {
        const string Dotted = "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_q";
        var path = folder.File("peft.safetensors");
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(
            path,
            new Dictionary<string, Tensor>
            {
                [$"{Dotted}.lora_A.weight"] = zeros([2, 64]),
                [$"{Dotted}.lora_B.weight"] = zeros([64, 2]),
            },
            new Dictionary<string, string> { ["lora_adapter_metadata"] = config },
            overwrite: true
        );
        Assert.Equal(expected, Assert.Single(LoraFile.Open(path).Bind(Targets())).Scale, 1e-6);
    }

    [Fact]
    public void Open_MetadataThatIsNotJson_IsNamed()
    {
        using var scope = NewDisposeScope();
        var path = folder.File("bad.safetensors");
        SafetensorsFile.Write(
            path,
            new Dictionary<string, Tensor>
            {
                ["unet.x.lora_A.weight"] = zeros([1]),
                ["unet.x.lora_B.weight"] = zeros([1]),
            },
            new Dictionary<string, string> { ["lora_adapter_metadata"] = "{" },
            overwrite: true
        );
        var error = Assert.Throws<TextualInversionException>(() => LoraFile.Open(path));
        Assert.Contains("lora_adapter_metadata", error.Message, StringComparison.Ordinal);
    }

    private static LoraTargets Targets() => new(new GoldenModel("sd1").Folder);

    private static (string, long[])[] Pair(string layer, long outputs, long inputs) =>
        [($"{layer}.lora_down.weight", [2, inputs]), ($"{layer}.lora_up.weight", [outputs, 2])];

    private string Write(params (string Key, long[] Shape)[] tensors)
    {
        using var scope = NewDisposeScope();
        var path = folder.File("lora.safetensors");
        SafetensorsFile.Write(
            path,
            tensors.ToDictionary(tensor => tensor.Key, tensor => zeros(tensor.Shape)),
            new Dictionary<string, string>(),
            overwrite: true
        );
        return path;
    }
}
