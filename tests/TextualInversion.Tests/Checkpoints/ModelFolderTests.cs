using TextualInversion.Checkpoints;
using TextualInversion.Models.Autoencoders;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Checkpoints;

public sealed class ModelFolderTests : IDisposable
{
    private const string Index = """{"_class_name": "StableDiffusionPipeline"}""";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Constructor_NoSuchFolder_NamesIt()
    {
        var path = folder.File("missing");
        AssertError($"{path}: no such model folder; name a diffusers folder.", () => new ModelFolder(path));
    }

    [Fact]
    public void Constructor_NeitherIndexNorParts_SaysWhatIsMissing() =>
        AssertError(
            $"{folder.Path}: holds neither model_index.json nor unet/config.json, so it is not a diffusers folder",
            () => new ModelFolder(folder.Path)
        );

    [Theory]
    [InlineData("StableDiffusionPipeline", ModelFamily.StableDiffusion)]
    [InlineData("StableDiffusionImg2ImgPipeline", ModelFamily.StableDiffusion)]
    [InlineData("StableDiffusionXLPipeline", ModelFamily.StableDiffusionXl)]
    [InlineData("StableDiffusionXLImg2ImgPipeline", ModelFamily.StableDiffusionXl)]
    public void Family_NamedPipeline_IsThatOfItsNetworks(string pipeline, ModelFamily family)
    {
        folder.Write("model_index.json", $$"""{"_class_name": "{{pipeline}}"}""");
        Assert.Equal(family, new ModelFolder(folder.Path).Family);
    }

    [Theory]
    [InlineData(false, ModelFamily.StableDiffusion)]
    [InlineData(true, ModelFamily.StableDiffusionXl)]
    public void Family_SubFoldersOnly_GoesByTheSecondTextEncoder(bool hasSecond, ModelFamily family)
    {
        folder.Write("unet/config.json", "{}");
        if (hasSecond)
            folder.Write("text_encoder_2/config.json", "{}");
        Assert.Equal(family, new ModelFolder(folder.Path).Family);
    }

    [Theory]
    [InlineData(
        """{"_class_name": "StableDiffusion3Pipeline"}""",
        "is a StableDiffusion3Pipeline; folders of Stable Diffusion 1, 2 and XL can be used"
    )]
    [InlineData("""{"_class_name": "FluxPipeline"}""", "is a FluxPipeline; ")]
    [InlineData("""{"_class_name": "StableDiffusionInpaintPipeline"}""", "is a StableDiffusionInpaintPipeline; ")]
    [InlineData(
        """{"_class_name": "StableDiffusionXLImg2ImgPipeline", "requires_aesthetics_score": true}""",
        "is Stable Diffusion XL's refiner"
    )]
    [InlineData("""{"_class_name": null}""", "is a model without _class_name; ")]
    [InlineData("{}", "is a model without _class_name; ")]
    [InlineData("""{"_class_name": 5}""", "_class_name is 5; it must be a string, or null.")]
    [InlineData("[]", "is not a JSON object.")]
    [InlineData("null", "is not a JSON object.")]
    [InlineData("<html>", "is not JSON: ")]
    public void Constructor_AnotherPipeline_SaysWhich(string index, string what)
    {
        var path = folder.Write("model_index.json", index);
        AssertError($"{path}: {what}", () => new ModelFolder(folder.Path));
    }

    [Fact]
    public void Config_Missing_NamesIt() =>
        AssertError(
            $"{folder.File("vae/config.json")}: cannot be read; the model's folder is incomplete.",
            () => Model().Config<VaeConfig>("vae")
        );

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"block_out_channels": "wide"}""")]
    public void Config_NotAConfig_NamesIt(string content)
    {
        var path = folder.Write("vae/config.json", content);
        AssertError($"{path}: ", () => Model().Config<VaeConfig>("vae"));
    }

    [Fact]
    public void ReadText_Missing_NamesIt() =>
        AssertError(
            $"{folder.File("tokenizer/vocab.json")}: cannot be read; the model's folder is incomplete.",
            () => Model().ReadText("tokenizer/vocab.json")
        );

    [Theory]
    [InlineData("text_encoder", "text_encoder/model.safetensors")]
    [InlineData("unet", "unet/diffusion_pytorch_model.safetensors")]
    [InlineData("vae", "vae/diffusion_pytorch_model.safetensors")]
    public void Weights_Missing_NamesThem(string part, string file) =>
        AssertError($"{folder.File(file)}: is missing; the model's folder is incomplete.", () => Model().Weights(part));

    [Fact]
    public void Weights_LfsPointer_SaysSo()
    {
        var path = folder.Write(
            "unet/diffusion_pytorch_model.safetensors",
            "version https://git-lfs.github.com/spec/v1\n"
        );
        AssertError($"{path}: is not a whole safetensors file: it is a Git LFS pointer", () => Model().Weights("unet"));
    }

    [Fact]
    public void Weights_GoldenModel_HaveTheNetworksTensors()
    {
        Assert.Contains("conv_in.weight", new GoldenModel("sd1").Folder.Weights("unet").Tensors.Keys);
        Assert.Contains(
            "text_model.final_layer_norm.weight",
            new GoldenModel("sd1").Folder.Weights("text_encoder").Tensors.Keys
        );
    }

    /// <summary>The file that is chosen among those of a part; each holds one tensor named like the file.</summary>
    [Theory]
    [InlineData(null, "a.safetensors", "a.fp16.safetensors a.safetensors a.bin")]
    [InlineData(
        null,
        "a.safetensors.index.json",
        "a.safetensors.index.json a-00001-of-00001.safetensors a.fp16.safetensors a.bin"
    )]
    [InlineData(null, "a.fp16.safetensors", "a.fp16.safetensors a.bin")]
    [InlineData(null, "a.fp16.safetensors", "a.fp16.safetensors a.non_ema.safetensors")]
    [InlineData(null, "a.bf16.safetensors", "a.bf16.safetensors")]
    [InlineData(null, "a.bin", "a.bin a.fp16.bin")]
    [InlineData(null, "a.fp16.bin", "a.fp16.bin")]
    [InlineData("fp16", "a.fp16.safetensors", "a.fp16.safetensors a.safetensors")]
    [InlineData(
        "fp16",
        "a.safetensors.index.fp16.json",
        "a.safetensors.index.fp16.json a.fp16-00001-of-00001.safetensors a.safetensors"
    )]
    [InlineData("fp16", "a.fp16.safetensors.index.json", "a.fp16.safetensors.index.json a.safetensors")]
    [InlineData("fp16", "a.safetensors", "a.safetensors a.fp16.bin")]
    public void Weights_SeveralFiles_TakesTheBest(string? variant, string expected, string files)
    {
        foreach (var name in files.Split(' '))
            folder.Write($"unet/{Real(name)}", "no weights");

        Assert.Equal(folder.File($"unet/{Real(expected)}"), WeightFiles.Find(folder.File("unet"), variant));

        static string Real(string name) => $"diffusion_pytorch_model{name[1..]}";
    }

    [Fact]
    public void Weights_TextEncoder_HasTheNamesOfTransformers()
    {
        folder.Write("text_encoder_2/pytorch_model.bin", "no weights");
        Assert.Equal(
            folder.File("text_encoder_2/pytorch_model.bin"),
            WeightFiles.Find(folder.File("text_encoder_2"), variant: null)
        );
    }

    [Fact]
    public void Weights_SeveralVariantsOnly_AsksForOne()
    {
        folder.Write("unet/diffusion_pytorch_model.ema.safetensors", "no weights");
        folder.Write("unet/diffusion_pytorch_model.bf16.safetensors", "no weights");
        AssertError(
            $"Variant is missing: {folder.File("unet")} has weights in the variants bf16, ema; choose one.",
            () => Model().Weights("unet")
        );
    }

    [Fact]
    public void Constructor_NoSuchVariant_NamesThoseThereAre()
    {
        Model();
        AssertError(
            $"{folder.Path}: has no weights of the variant fp16; it has no variants; leave the variant out.",
            () => new ModelFolder(folder.Path, "fp16")
        );
        folder.Write("unet/diffusion_pytorch_model.bf16.safetensors", "no weights");
        AssertError(
            $"{folder.Path}: has no weights of the variant fp16; it has bf16.",
            () => new ModelFolder(folder.Path, "fp16")
        );
        Assert.Equal(ModelFamily.StableDiffusion, new ModelFolder(folder.Path, "bf16").Family);
    }

    [Fact]
    public void Weights_RelativeSymlinks_AreFollowed()
    {
        Model();
        File.Copy(
            Goldens.Path("models", "sd1", "unet", "diffusion_pytorch_model.safetensors"),
            folder.Write("blobs/0123", ""),
            overwrite: true
        );
        folder.Write("unet/config.json", "{}");
        File.CreateSymbolicLink(folder.File("unet/diffusion_pytorch_model.safetensors"), "../blobs/0123");
        using var tensor = new ModelFolder(folder.Path).Weights("unet").Read("conv_in.bias");
        Assert.NotEmpty(tensor.shape);
    }

    private static void AssertError(string start, Func<object> action) =>
        Assert.StartsWith(start, Assert.Throws<TextualInversionException>(action).Message, StringComparison.Ordinal);

    private ModelFolder Model()
    {
        folder.Write("model_index.json", Index);
        return new ModelFolder(folder.Path);
    }
}
