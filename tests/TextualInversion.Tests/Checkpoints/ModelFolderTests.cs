using TextualInversion.Checkpoints;
using TextualInversion.Models;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Checkpoints;

public sealed class ModelFolderTests : IDisposable
{
    private const string Index = """{"_class_name": "StableDiffusionPipeline"}""";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Constructor_NoSuchFolder_OffersTheDemoModel()
    {
        var path = folder.File("missing");
        AssertError($"{path}: no such model folder; name a diffusers folder, or use --model demo.", () => new ModelFolder(path));
    }

    [Fact]
    public void Constructor_NoIndex_NamesIt() =>
        AssertError($"{folder.File("model_index.json")}: cannot be read; the model's folder is incomplete.", () => new ModelFolder(folder.Path));

    [Theory]
    [InlineData("""{"_class_name": "StableDiffusionXLPipeline"}""", "StableDiffusionXLPipeline")]
    [InlineData("""{"_class_name": null}""", "model without _class_name")]
    [InlineData("""{"_class_name": 5}""", "model without _class_name")]
    [InlineData("{}", "model without _class_name")]
    [InlineData("[]", "model without _class_name")]
    public void Constructor_AnotherPipeline_SaysWhich(string index, string what)
    {
        var path = folder.Write("model_index.json", index);
        AssertError($"{path}: is a {what}; Stable Diffusion 1 folders (StableDiffusionPipeline) can be used.", () => new ModelFolder(folder.Path));
    }

    [Fact]
    public void Constructor_IndexIsNotJson_NamesIt()
    {
        var path = folder.Write("model_index.json", "<html>");
        AssertError($"{path}: is not JSON: ", () => new ModelFolder(folder.Path));
    }

    [Fact]
    public void Config_Missing_NamesIt() =>
        AssertError($"{folder.File("vae/config.json")}: cannot be read; the model's folder is incomplete.", () => Model().Config<VaeConfig>("vae"));

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
        AssertError($"{folder.File("tokenizer/vocab.json")}: cannot be read; the model's folder is incomplete.", () => Model().ReadText("tokenizer/vocab.json"));

    [Theory]
    [InlineData("text_encoder", "text_encoder/model.safetensors")]
    [InlineData("unet", "unet/diffusion_pytorch_model.safetensors")]
    [InlineData("vae", "vae/diffusion_pytorch_model.safetensors")]
    public void Weights_Missing_NamesThem(string part, string file) =>
        AssertError($"{folder.File(file)}: is missing; the model's folder is incomplete.", () => Model().Weights(part));

    [Fact]
    public void Weights_LfsPointer_SaysSo()
    {
        var path = folder.Write("unet/diffusion_pytorch_model.safetensors", "version https://git-lfs.github.com/spec/v1\n");
        AssertError($"{path}: is not a whole safetensors file: it is a Git LFS pointer", () => Model().Weights("unet"));
    }

    [Fact]
    public void Weights_GoldenModel_HaveTheNetworksTensors()
    {
        Assert.Contains("conv_in.weight", new GoldenModel("sd1").Folder.Weights("unet").Tensors.Keys);
        Assert.Contains("text_model.final_layer_norm.weight", new GoldenModel("sd1").Folder.Weights("text_encoder").Tensors.Keys);
    }

    private static void AssertError(string start, Func<object> action) =>
        Assert.StartsWith(start, Assert.Throws<TextualInversionException>(action).Message, StringComparison.Ordinal);

    private ModelFolder Model()
    {
        folder.Write("model_index.json", Index);
        return new ModelFolder(folder.Path);
    }
}
