using System.Text.Json.Nodes;
using TextualInversion.Checkpoints;
using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Models.Unets;
using TextualInversion.Schedulers;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Checkpoints.SingleFile;

public sealed class SingleFileModelTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>Every single file among the goldens.</summary>
    public static TheoryData<string> Files => GoldenSingleFiles.Names;

    public void Dispose() => folder.Dispose();

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
    /// That the shapes used below are those of real files: the same code with the goldens' configs gives the goldens'
    /// tensors.
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
            PublishedModels
                .Tensors(line, configs)
                .Select(tensor => $"{tensor.Name} {string.Join(',', tensor.Shape)}")
                .Order(StringComparer.Ordinal),
            found.Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData(ModelVersion.StableDiffusion1)]
    [InlineData(ModelVersion.StableDiffusion2)]
    [InlineData(ModelVersion.StableDiffusionXl)]
    internal void Config_OfAPublishedModel_IsToldFromItsTensors(ModelVersion line)
    {
        var published = PublishedModels.Configs(line);
        var model = new SingleFileModel(new LdmCheckpoint(Published(line, spread: 0.2)), NoTokenizers);
        foreach (var (part, config) in published)
            Assert.True(
                JsonNode.DeepEquals(config, model.Config<JsonNode>(part)),
                $"{part}: {model.Config<JsonNode>(part)}"
            );
    }

    [Theory]
    [InlineData(ModelVersion.StableDiffusion1, 0.2, PredictionType.Epsilon, 64)]
    [InlineData(ModelVersion.StableDiffusion2, 0.2, PredictionType.VPrediction, 96)]
    [InlineData(ModelVersion.StableDiffusion2, 0.05, PredictionType.Epsilon, 64)]
    [InlineData(ModelVersion.StableDiffusionXl, 0.2, PredictionType.Epsilon, 128)]
    [InlineData(ModelVersion.StableDiffusionXl, 0.2, PredictionType.VPrediction, 128, "v_pred")]
    internal void Prediction_OfAPublishedModel_IsToldFromItsTensors(
        ModelVersion line,
        double spread,
        PredictionType expected,
        int sampleSize,
        params string[] marks
    )
    {
        var model = new SingleFileModel(new LdmCheckpoint(Published(line, spread, marks)), NoTokenizers);
        var scheduler = Scheduler(model);
        Assert.Equal((expected, false), (scheduler.PredictionType, scheduler.RescaleBetasZeroSnr));
        Assert.Equal(
            (0.00085, 0.012, BetaSchedule.ScaledLinear, 1000, 1, false),
            (
                scheduler.BetaStart,
                scheduler.BetaEnd,
                scheduler.BetaSchedule,
                scheduler.NumTrainTimesteps,
                scheduler.StepsOffset,
                scheduler.ClipSample
            )
        );
        Assert.Equal(sampleSize, model.Config<UNetConfig>("unet").SampleSize);
    }

    [Fact]
    public void Prediction_MarkedAsZeroSnr_RescalesAndBeginsAtTheLastTimestep()
    {
        var scheduler = Scheduler(
            new SingleFileModel(
                new LdmCheckpoint(Published(ModelVersion.StableDiffusionXl, 0.2, "v_pred", "ztsnr")),
                NoTokenizers
            )
        );
        Assert.Equal(
            (PredictionType.VPrediction, true, TimestepSpacing.Trailing),
            (scheduler.PredictionType, scheduler.RescaleBetasZeroSnr, scheduler.TimestepSpacing)
        );
    }

    [Fact]
    public void Prediction_Forced_IsTakenAsSaid()
    {
        var model = new SingleFileModel(
            new LdmCheckpoint(Published(ModelVersion.StableDiffusion2, 0.2)),
            NoTokenizers,
            "epsilon"
        );
        Assert.Equal(
            (PredictionType.Epsilon, 64),
            (Scheduler(model).PredictionType, model.Config<UNetConfig>("unet").SampleSize)
        );
    }

    [Theory]
    [InlineData("v", PredictionType.VPrediction)]
    [InlineData("epsilon", PredictionType.Epsilon)]
    public void Prediction_InTheMetadata_IsTakenAsSaid(string said, PredictionType expected)
    {
        using var scope = NewDisposeScope();
        var path = folder.File("model.safetensors");
        SafetensorsFile.Write(
            path,
            new Dictionary<string, Tensor> { ["a"] = zeros(1) },
            new Dictionary<string, string> { ["modelspec.prediction_type"] = said },
            overwrite: false
        );
        Assert.Equal(
            expected == PredictionType.VPrediction ? "v_prediction" : "epsilon",
            PredictionTypeDetector.Detect(
                SafetensorsFile.Open(path),
                ModelVersion.StableDiffusion2,
                () => throw new InvalidOperationException()
            )
        );
    }

    [Fact]
    public void Weights_OfAPublishedModel_HaveTheShapesOfTheirConfigs()
    {
        var checkpoint = new LdmCheckpoint(Published(ModelVersion.StableDiffusion2, 0.2));
        var text = checkpoint.Part("text_encoder").Tensors;
        Assert.Equal([1024L, 1024], text["text_model.encoder.layers.22.self_attn.k_proj.weight"].Shape);
        Assert.Equal([1024L], text["text_model.encoder.layers.22.self_attn.v_proj.bias"].Shape);
        Assert.DoesNotContain(
            text.Keys,
            name =>
                name.Contains(".layers.23.", StringComparison.Ordinal)
                || name.Contains("projection", StringComparison.Ordinal)
        );
        Assert.Equal(
            [512L, 512],
            checkpoint.Part("vae").Tensors["encoder.mid_block.attentions.0.to_out.0.weight"].Shape
        );
    }

    [Fact]
    public void TokenizerFolder_NoneAtHand_SaysWhereFrom()
    {
        var model = new SingleFileModel(new LdmCheckpoint(Published(ModelVersion.StableDiffusion1, 0)), NoTokenizers);
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
                new LdmCheckpoint(Published(ModelVersion.StableDiffusion1, 0)),
                new Dictionary<string, string> { ["tokenizer"] = "here" }
            ).TokenizerFolder("tokenizer")
        );
    }

    [Fact]
    public void Constructor_ConfigOfAnotherFamily_SaysSo()
    {
        var error = Assert.Throws<TextualInversionException>(() =>
            new SingleFileModel(new LdmCheckpoint(Published(ModelVersion.StableDiffusionXl, 0)), GoldenFolder("sd1"))
        );
        Assert.Contains("name a folder of the same kind of model", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_SizesThatNoPublishedModelHas_AsksForTheConfig()
    {
        var configs = PublishedModels.Configs(ModelVersion.StableDiffusion1);
        configs["text_encoder"]["hidden_size"] = 96L;
        var checkpoint = new LdmCheckpoint(
            new ShapesOnly(PublishedModels.Tensors(ModelVersion.StableDiffusion1, configs))
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
        var tensors = Published(ModelVersion.StableDiffusion1, 0)
            .Tensors.Where(tensor => !tensor.Key.StartsWith("first_stage_model", StringComparison.Ordinal))
            .Select(tensor => (tensor.Key, tensor.Value.Shape));
        var model = new SingleFileModel(new LdmCheckpoint(new ShapesOnly(tensors)), NoTokenizers);
        Assert.Equal(
            "model.safetensors: holds no VAE; give one as well.",
            Assert.Throws<TextualInversionException>(() => model.Weights("vae")).Message
        );
    }

    private static Dictionary<string, string> NoTokenizers => [];

    private static SchedulerConfig Scheduler(SingleFileModel model) =>
        SchedulerConfig.Parse(model.ReadText("scheduler/scheduler_config.json"), "scheduler_config.json");

    /// <summary>
    /// A published model's tensors; what is read of them spreads by <paramref name="spread"/> around 0.
    /// </summary>
    private static ShapesOnly Published(ModelVersion line, double spread, params string[] marks) =>
        new(
            [
                .. PublishedModels.Tensors(line, PublishedModels.Configs(line)),
                .. marks.Select(mark => (mark, new long[] { 0 })),
            ],
            _ => tensor(new[] { -spread, spread })
        );

    private static ModelFolder GoldenFolder(string name) => new(Goldens.Path("models", name));

    /// <summary>One step of noise prediction and a decoding, which use every part.</summary>
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

    /// <summary>Folders have the names of the time when they were made.</summary>
    private static string Today(string name) =>
        name.Replace("text_model.", "", StringComparison.Ordinal)
            .Replace(".query.", ".to_q.", StringComparison.Ordinal)
            .Replace(".key.", ".to_k.", StringComparison.Ordinal)
            .Replace(".value.", ".to_v.", StringComparison.Ordinal)
            .Replace(".proj_attn.", ".to_out.0.", StringComparison.Ordinal);
}
