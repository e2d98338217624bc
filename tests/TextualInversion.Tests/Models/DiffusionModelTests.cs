using System.Text.Json.Nodes;
using TextualInversion.Checkpoints;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Models;

/// <summary>Parts that do not belong together, and the common behavior of all families.</summary>
[Trait("Category", Goldens.Category)]
public sealed class DiffusionModelTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Names => GoldenModel.Names;

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Hash_EveryPart_IsItsOwnAndStays(string name)
    {
        using var model = new GoldenModel(name).Open();

        var hashes = model.Parts.Select(model.Hash).ToList();
        model.ReleaseVae();

        Assert.Equal(hashes.Count, hashes.Distinct().Count());
        Assert.Equal(hashes, model.Parts.Select(model.Hash));
        Assert.Equal(model.Tokenizers.Count, model.Vocabularies.Count);
    }

    [Theory]
    [InlineData("sd1", "unet", "sd2", "cross_attention_dim is 48; it must be 32")]
    [InlineData("sd1", "unet", "sdxl", "addition_embed_type is text_time; it must be null for this kind of model")]
    [InlineData("sdxl", "unet", "sd1", "addition_embed_type is null; it must be text_time for this kind of model")]
    [InlineData("sdxl", "text_encoder", "sd2", "cross_attention_dim is 80; it must be 96")]
    [InlineData("sd2", "vae", "none", "vae")]
    public void Open_PartOfAnotherModel_SaysSo(string name, string part, string other, string expected)
    {
        foreach (
            var sub in Directory
                .EnumerateDirectories(Goldens.Path("models", name))
                .Select(path => Path.GetFileName(path))
        )
        {
            var source = Goldens.Path("models", sub == part ? other : name, sub);
            if (Directory.Exists(source))
                Directory.CreateSymbolicLink(folder.File(sub), source);
        }

        var error = Assert.Throws<TextualInversionException>(() =>
            DiffusionModel.Open(new ModelFolder(folder.Path), CPU, ScalarType.Float32)
        );

        Assert.Contains(expected, error.Message);
    }

    [Fact]
    public void Open_ConfigThatDoesNotFitItsWeights_NamesTheKey()
    {
        var source = Goldens.Path("models", "sd1");
        foreach (
            var sub in Directory
                .EnumerateDirectories(source)
                .Select(path => Path.GetFileName(path))
                .Where(sub => sub != "text_encoder")
        )
            Directory.CreateSymbolicLink(folder.File(sub), Path.Combine(source, sub));
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "text_encoder", "config.json")))!;
        config["vocab_size"] = 800;
        var path = folder.Write("text_encoder/config.json", config.ToJsonString());
        File.CreateSymbolicLink(
            folder.File("text_encoder/model.safetensors"),
            Path.Combine(source, "text_encoder", "model.safetensors")
        );

        var error = Assert.Throws<TextualInversionException>(() =>
            DiffusionModel.Open(new ModelFolder(folder.Path), CPU, ScalarType.Float32)
        );

        Assert.StartsWith($"{path}: vocab_size is 800; it must be ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequireFit_EncoderWithFewerEmbeddingsOrPositions_Throws()
    {
        var tokenizer = new GoldenModel("sd1").Tokenizer();
        tokenizer.RequireFit(tokenizer.VocabularySize, tokenizer.MaxLength);
        Assert.Contains(
            "they do not belong together",
            Assert.Throws<TextualInversionException>(() => tokenizer.RequireFit(800, 77)).Message
        );
        Assert.Contains(
            "tokenizer_config.json: model_max_length is 77; it must be at most 76",
            Assert.Throws<TextualInversionException>(() => tokenizer.RequireFit(int.MaxValue, 76)).Message
        );
    }

    [Fact]
    public void EncodePrompts_StableDiffusionXl_TellsTheGeometryInDiffusersOrder()
    {
        using var scope = NewDisposeScope();
        using var model = new GoldenModel("sdxl").Open();
        var tokens = new PromptTokenizers(model.Tokenizers, []).Tokenize(["a cat", "a dog"]);

        var conditioning = model.EncodePrompts(
            tokens,
            rows: null,
            [SizeConditioning.Whole(64, 72), SizeConditioning.CenterCrop(100, 300, 50)]
        );

        Assert.Equal(
            [64f, 72, 0, 0, 64, 72, 100, 300, 0, 50, 50, 50],
            conditioning.Added!.TimeIds.data<float>().ToArray()
        );
        var nothing = conditioning.WithoutPrompts();
        Assert.Equal(
            0,
            nothing.EncoderHiddenStates.abs().sum().item<float>() + nothing.Added!.PooledText.abs().sum().item<float>()
        );
        Assert.Equal(conditioning.Added.TimeIds.data<float>().ToArray(), nothing.Added.TimeIds.data<float>().ToArray());
    }

    [Fact]
    public void PredictNoise_StableDiffusionXlWithoutWhatIsAdded_IsTheCallersMistake()
    {
        using var scope = NewDisposeScope();
        using var unet = new GoldenModel("sdxl").UNet();
        var golden = new GoldenModel("sdxl").Numbers;
        Assert.Throws<ArgumentException>(() =>
            unet.Forward(
                golden.Read("unet.sample"),
                golden.Read("unet.timesteps"),
                new Conditioning(golden.Read("unet.encoder_hidden_states"))
            )
        );
    }
}
