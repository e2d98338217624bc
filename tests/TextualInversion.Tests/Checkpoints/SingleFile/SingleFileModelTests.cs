using System.Text.Json.Nodes;
using TextualInversion.Checkpoints;
using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Checkpoints.SingleFile;

public sealed class SingleFileModelTests
{
    /// <summary>All single files among the reference models.</summary>
    public static TheoryData<string> Files => GoldenSingleFiles.Names;

    [Theory]
    [MemberData(nameof(Files))]
    [Trait("Category", Goldens.Category)]
    public void Weights_OfEveryPart_EqualTheFolders(string file)
    {
        var expected = GoldenSingleFiles.FolderOf(file);
        var model = new SingleFileModel(LdmCheckpoint.Open(Goldens.Path("models", file)), expected);
        string[] parts =
        [
            "unet",
            "vae",
            "text_encoder",
            .. model.Family == ModelFamily.StableDiffusionXl ? (string[])["text_encoder_2"] : [],
        ];
        foreach (var part in parts)
            AssertEqual(expected.Weights(part), model.Weights(part));
    }

    [Theory]
    [MemberData(nameof(Files))]
    [Trait("Category", Goldens.Category)]
    public void Model_OfOneFile_MakesTheSameImageAsTheFolder(string file)
    {
        var folderFiles = GoldenSingleFiles.FolderOf(file);
        var expected = Image(folderFiles);
        var actual = Image(new SingleFileModel(LdmCheckpoint.Open(Goldens.Path("models", file)), folderFiles));
        Assert.Equal(expected, actual);
    }

    /// <summary>
    /// The shapes used below are those of real files: from the configs of the reference models, the same code makes the
    /// tensors of the reference models.
    /// </summary>
    [Theory]
    [MemberData(nameof(Files))]
    [Trait("Category", Goldens.Category)]
    public void OriginalShapes_OfTheFoldersConfigs_AreTheFilesTensors(string file)
    {
        var checkpoint = TensorFile.Open(Goldens.Path("models", file));
        var line = new LdmCheckpoint(checkpoint).Line;
        var configs = Directory
            .GetFiles(GoldenSingleFiles.FolderOf(file).Path, "config.json", SearchOption.AllDirectories)
            .ToDictionary(
                path => Path.GetFileName(Path.GetDirectoryName(path)!),
                path => JsonNode.Parse(File.ReadAllText(path))!
            );
        string[] leftovers =
        [
            "model_ema.",
            "alphas_cumprod",
            "cond_stage_model.transformer.text_model.embeddings.position_ids",
        ];
        var found = checkpoint
            .Tensors.Where(tensor => !leftovers.Any(tensor.Key.StartsWith))
            .Select(tensor => $"{tensor.Key} {string.Join(',', tensor.Value.Shape)}");
        Assert.Equal(
            PublishedCheckpoint
                .Tensors(line, configs)
                .Select(tensor => $"{tensor.Name} {string.Join(',', tensor.Shape)}")
                .Order(StringComparer.Ordinal),
            found.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void TokenizerFolder_NoneAtHand_SaysWhereFrom()
    {
        var model = new SingleFileModel(
            new LdmCheckpoint(ShapesOnly.Published(ModelVersion.StableDiffusion1, 0)),
            NoTokenizers
        );
        var error = Assert.Throws<TextualInversionException>(() => model.TokenizerFolder("tokenizer")).Message;
        Assert.StartsWith(
            "model.safetensors: comes without a tokenizer, and the cache has none that fits "
                + "(openai/clip-vit-large-patch14 or ",
            error,
            StringComparison.Ordinal
        );
        Assert.Contains("give a diffusers folder", error, StringComparison.Ordinal);
        Assert.Equal(
            "here",
            new SingleFileModel(
                new LdmCheckpoint(ShapesOnly.Published(ModelVersion.StableDiffusion1, 0)),
                new Dictionary<string, string> { ["tokenizer"] = "here" }
            ).TokenizerFolder("tokenizer")
        );
    }

    [Fact]
    public void Constructor_ConfigOfAnotherFamily_SaysSo()
    {
        var error = Assert.Throws<TextualInversionException>(() =>
            new SingleFileModel(
                new LdmCheckpoint(ShapesOnly.Published(ModelVersion.StableDiffusionXl, 0)),
                GoldenFolder("sd1")
            )
        );
        Assert.Contains("name a folder of the same kind of model", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_SizesThatNoPublishedModelHas_AsksForTheConfig()
    {
        var configs = PublishedCheckpoint.Configs(ModelVersion.StableDiffusion1);
        configs["text_encoder"]["hidden_size"] = 96L;
        var checkpoint = new LdmCheckpoint(
            new ShapesOnly(PublishedCheckpoint.Tensors(ModelVersion.StableDiffusion1, configs))
        );
        var error = Assert.Throws<TextualInversionException>(() => new SingleFileModel(checkpoint, NoTokenizers));
        Assert.Equal(
            "model.safetensors: has an unusual size (its width, 96, is not a multiple of 64); give a diffusers "
                + "folder with its configs and tokenizer as well.",
            error.Message
        );
    }

    [Fact]
    public void Weights_NoVae_AsksForOne()
    {
        var tensors = ShapesOnly
            .Published(ModelVersion.StableDiffusion1, 0)
            .Tensors.Where(tensor => !tensor.Key.StartsWith("first_stage_model", StringComparison.Ordinal))
            .Select(tensor => (tensor.Key, tensor.Value.Shape));
        var model = new SingleFileModel(new LdmCheckpoint(new ShapesOnly(tensors)), NoTokenizers);
        Assert.Equal(
            "model.safetensors: holds no VAE; give one as well.",
            Assert.Throws<TextualInversionException>(() => model.Weights("vae")).Message
        );
    }

    private static Dictionary<string, string> NoTokenizers => [];

    private static ModelFolder GoldenFolder(string name) => new(Goldens.Path("models", name));

    /// <summary>One step of noise prediction and a decoding, which use every part of the model.</summary>
    private static byte[] Image(IModelFiles files)
    {
        using var scope = NewDisposeScope();
        using var model = DiffusionModel.Open(files, CPU, ScalarType.Float32);
        using var generator = new Generator(7);
        var prompts = new PromptTokenizers(model.Tokenizers, []).Tokenize(["a photo of a cat"]);
        var size = model.Resolution;
        var conditioning = model.EncodePrompts(prompts, null, [SizeConditioning.Whole(size, size)]);
        var latents = randn([1, 4, size / model.PixelsPerCell, size / model.PixelsPerCell], generator: generator);
        var noise = model.PredictNoise(latents, tensor(new[] { 500L }), conditioning);
        return [.. model.DecodeLatents(latents - noise).bytes];
    }

    private static void AssertEqual(ITensorFile expected, ITensorFile actual)
    {
        var names = expected
            .Tensors.Keys.Where(name => !name.EndsWith("position_ids", StringComparison.Ordinal))
            .ToDictionary(Today);
        Assert.Equal(
            names.Keys.Order(StringComparer.Ordinal),
            actual.Tensors.Keys.Select(Today).Order(StringComparer.Ordinal)
        );
        foreach (var name in actual.Tensors.Keys)
        {
            using var scope = NewDisposeScope();
            var (left, right) = (expected.Read(names[Today(name)]), actual.Read(name));
            Assert.Equal(left.shape, right.shape);
            Assert.Equal(left.shape, actual.Tensors[name].Shape);
            Assert.True(left.contiguous().bytes.SequenceEqual(right.contiguous().bytes), name);
        }
    }

    /// <summary>Folders have the tensor names of the time when they were made; this gives the current name.</summary>
    private static string Today(string name) =>
        name.Replace("text_model.", "", StringComparison.Ordinal)
            .Replace(".query.", ".to_q.", StringComparison.Ordinal)
            .Replace(".key.", ".to_k.", StringComparison.Ordinal)
            .Replace(".value.", ".to_v.", StringComparison.Ordinal)
            .Replace(".proj_attn.", ".to_out.0.", StringComparison.Ordinal);
}
