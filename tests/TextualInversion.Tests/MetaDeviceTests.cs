using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Data;
using TextualInversion.Evaluation;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Tests.Training;
using TextualInversion.Training;
using TextualInversion.Training.Estimates;
using TextualInversion.Training.Initializers;
using static TorchSharp.torch;

namespace TextualInversion.Tests;

/// <summary>
/// Everything that computes, on libtorch's <c>meta</c> device: a tensor that is left on the CPU is an error there, as
/// on a GPU. See <see cref="MetaKernels"/>.
/// </summary>
[Trait("Category", Goldens.Category)]
public sealed class MetaDeviceTests : IDisposable
{
    private static readonly TrainOptions Options = new()
    {
        Vectors = 2,
        Steps = 2,
        BatchSize = 2,
        GradientAccumulationSteps = 2,
        ValidateEvery = 1,
        Seed = 1,
    };

    private static readonly Dictionary<string, TrainOptions> Trainings = new()
    {
        ["default"] = Options,
        ["buckets"] = Options with { Crop = CropMode.Bucket },
        ["captions"] = Options with { Captions = CaptionUse.Mixed, ShuffleTags = true },
        ["checkpointing"] = Options with { GradientCheckpointing = GradientCheckpointing.On },
        ["average"] = Options with { EmaDecay = 0.9 },
        ["direction"] = Options with { Optimizer = OptimizerKind.Direction, EmaDecay = 0.9 },
        ["prodigy"] = Options with { Optimizer = OptimizerKind.Prodigy },
        ["norm"] = Options with { KeepNorm = NormConstraint.Initializer, MaxGradientNorm = 0.5 },
        ["Huber"] = Options with { LossType = LossType.Huber, LossWeighting = LossWeighting.MinSnr },
        ["squared"] = Options with { LossWeighting = LossWeighting.None },
        ["noise"] = Options with { NoiseOffset = 0.1, Antithetic = true },
        ["held out"] = Options with { HoldOut = true, Flip = false },
    };

    private readonly TemporaryFolder folder = new();

    public MetaDeviceTests()
    {
        if (OperatingSystem.IsLinux())
            MetaKernels.Reset();
    }

    private static IReadOnlyList<string> Models { get; } = ["sd1", "sd2", "sdxl"];

    public static TheoryData<string, string> AllTrainings
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var model in Models)
            {
                foreach (var name in Trainings.Keys)
                    data.Add(model, name);
            }

            return data;
        }
    }

    public static TheoryData<SamplerKind> AllSamplers => [.. Enum.GetValues<SamplerKind>()];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(AllTrainings))]
    public void Train_EachOption_StaysOnTheDevice(string model, string name)
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var result = Train(model, Trainings[name], _ => { });

        Assert.Equal((TrainingEnd.Completed, 2), (result.End, result.Steps));
        MetaKernels.AssertNoProblems();
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void Train_HalfPrecision_StaysOnTheDevice(ScalarType type)
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var result = Train("sdxl", Options, _ => { }, type);

        Assert.Equal(TrainingEnd.Completed, result.End);
        MetaKernels.AssertNoProblems();
    }

    [Fact]
    public void Train_Resumed_StaysOnTheDevice()
    {
        if (!OperatingSystem.IsLinux())
            return;
        Train("sd1", Trainings["direction"], _ => { }).Dispose();
        using var state = TrainState.Read(folder.File("state.safetensors"));

        using var result = Train("sd1", Trainings["direction"] with { Steps = 3 }, _ => { }, resumeFrom: state);

        Assert.Equal((TrainingEnd.Completed, 3), (result.End, result.Steps));
        MetaKernels.AssertNoProblems();
    }

    /// <summary>Of the losses and the gradients, together.</summary>
    [Theory]
    [InlineData("sd1", "default")]
    [InlineData("sdxl", "default")]
    [InlineData("sdxl", "average")]
    [InlineData("sdxl", "checkpointing")]
    [InlineData("sdxl", "direction")]
    [InlineData("sdxl", "prodigy")]
    [InlineData("sd1", "norm")]
    public void Train_Step_CopiesToTheHostOnce(string model, string name)
    {
        if (!OperatingSystem.IsLinux())
            return;
        var after = new List<int>();

        var options = Trainings[name] with { Steps = 3, ValidateEvery = 0 };
        Train(model, options, _ => after.Add(MetaKernels.CopiesToHost)).Dispose();

        Assert.Equal([1, 1], after.Skip(1).Zip(after.Skip(2), (before, then) => then - before));
    }

    [Theory]
    [MemberData(nameof(AllSamplers))]
    public void Generate_EachSampler_StaysOnTheDevice(SamplerKind sampler)
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var model = Open("sd1");
        var options = Settings(model) with { Sampler = sampler, Eta = sampler == SamplerKind.Ddim ? 0.5 : 0 };

        Assert.Equal(2, Generate("sd1", model, options).Count);
        MetaKernels.AssertNoProblems();
    }

    [Theory]
    [InlineData("sd1")]
    [InlineData("sd2")]
    [InlineData("sdxl")]
    public void Generate_EachOption_StaysOnTheDevice(string name)
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var model = Open(name);
        var settings = Settings(model);
        var side = model.Latents.Resolution;
        GenerationSettings[] all =
        [
            settings with
            {
                Negative = null,
            },
            settings with
            {
                Prompt = "[a cat:a dog:0.5] (on:1.3) a beach",
                Negative = "(bad:1.4)",
            },
            settings with
            {
                Guidance = 1,
                ClipSkip = 2,
            },
            settings with
            {
                GuidanceRescale = 0.7,
            },
            settings with
            {
                Init = Image(side + 8, side),
                Strength = 0.6,
            },
            settings with
            {
                Width = side + 16,
            },
        ];

        foreach (var options in all)
            Assert.Equal(2, Generate(name, model, options).Count);
        MetaKernels.AssertNoProblems();
    }

    [Fact]
    public void Generate_LargeImage_StaysOnTheDevice()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var scope = NewDisposeScope();
        using var model = Open("sd1");

        var moments = TiledVae.Encode(model, zeros([1, 3, 64, 96], device: META), tilePixels: 32);
        var pixels = TiledVae.Decode(model, moments.Mean, tileCells: 4);

        Assert.Equal([1, 3, 64, 96], pixels.shape);
        MetaKernels.AssertNoProblems();
    }

    [Fact]
    public void Evaluate_Embedding_StaysOnTheDevice()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var scope = NewDisposeScope();
        using var model = Open("sd1");
        using var clip = new ClipScorer(Goldens.Path("models", "clip"), META);
        var evaluator = new Evaluator(
            new CandidateGenerator(model, new GoldenModel("sd1").SchedulerConfig, "model"),
            clip,
            new ImageCache(folder.File("cache")),
            new EvaluationOptions
            {
                BarePrompt = "a photo of {}",
                EditPrompts = ["a sketch of {}"],
                Count = 2,
                Seed = 1,
                Generation = Settings(model),
            }
        );
        var placeholder = Placeholder.Parse("<new>", 2);

        var result = evaluator.Run(
            [new Candidate("new", placeholder.Name, [placeholder], Rows(model))],
            "cat",
            [Image(40, 32), Image(32, 32)],
            "sd1",
            progress: null,
            CancellationToken.None
        );

        Assert.Single(result.Rows);
        MetaKernels.AssertNoProblems();
    }

    [Theory]
    [InlineData("sd1")]
    [InlineData("sdxl")]
    public void SearchPhrase_WithEstimates_StaysOnTheDevice(string name)
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var scope = NewDisposeScope();
        var options = Options with { SearchSteps = 4, BatchSize = 20 };
        using var fixture = Fixture(name, options);
        var concept = Concept(fixture);

        var found = new PhraseSearch(new OneDeviceModel(fixture.Model), fixture.Schedule, concept, options).Run(
            new ImmediateProgress<int>(_ => { }),
            ranked: null,
            CancellationToken.None
        );

        Assert.NotEmpty(found.Words);
        MetaKernels.AssertNoProblems();
    }

    [Fact]
    public void Check_TrialSteps_StayOnTheDevice()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var scope = NewDisposeScope();
        using var fixture = Fixture("sd1", Options);

        var trial = TrainingTrial.Run(
            new OneDeviceModel(fixture.Model),
            fixture.Schedule,
            Options,
            Concept(fixture),
            default
        );

        Assert.True(trial.IsFinite && trial.HasGradient);
        MetaKernels.AssertNoProblems();
    }

    /// <summary>The models that scripts/gpu-check measures: here they need no memory.</summary>
    [Theory]
    [Trait("Category", "EndToEnd")]
    [InlineData(512)]
    [InlineData(1024)]
    public void Check_ModelOfRealSize_StaysOnTheDevice(int side)
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var scope = NewDisposeScope();
        var version = side == 512 ? ModelVersion.StableDiffusion1 : ModelVersion.StableDiffusionXl;
        var shapes = PublishedCheckpoint.Tensors(version, PublishedCheckpoint.Configs(version));
        var byName = shapes.ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);
        var zero = zeros(1, dtype: ScalarType.Float16);
        var tokenizer = Goldens.Sample("demo-model", "tokenizer");
        var files = new SingleFileModel(
            new LdmCheckpoint(new ShapesOnly(shapes, name => zero.expand(byName[name]))),
            new Dictionary<string, string> { ["tokenizer"] = tokenizer, ["tokenizer_2"] = tokenizer },
            "epsilon"
        );
        var image = new TrainingImage("cat.png", Image(side, side), "", side, side, Caption: null);
        var options = Options with { BatchSize = 1, ValidateEvery = 0 };
        using var fixture = new ImageFixture(
            options,
            type: ScalarType.BFloat16,
            device: META,
            images: [image],
            model: files
        );

        var model = new OneDeviceModel(fixture.Model);
        var trial = TrainingTrial.Run(model, fixture.Schedule, options, Concept(fixture), default);

        Assert.Equal(side, fixture.Model.Resolution);
        Assert.True(trial.IsFinite && trial.HasGradient);
        MetaKernels.AssertNoProblems();
    }

    /// <summary>Operations that take tensors from outside of a network; see <see cref="OneDeviceModel"/>.</summary>
    [Theory]
    [InlineData("add")]
    [InlineData("convolution")]
    [InlineData("attention")]
    [InlineData("index")]
    [InlineData("index copy")]
    [InlineData("gather")]
    [InlineData("cat")]
    [InlineData("norm")]
    [InlineData("matrix product")]
    public void Operation_TensorIsLeftOnTheCpu_IsAnError(string name)
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var scope = NewDisposeScope();
        var (here, there) = (ones([4, 4]), ones([4, 4], device: META));
        var (ids, image) = (zeros(4, dtype: ScalarType.Int64), ones([1, 4, 4, 4], device: META));
        var operation = name switch
        {
            "add" => () => there.Plus(here),
            "convolution" => () => nn.functional.conv2d(image, ones([4, 4, 1, 1])),
            "attention" => () => nn.functional.scaled_dot_product_attention(image, ones([1, 4, 4, 4]), image),
            "index" => () => there.index_select(0, ids),
            "index copy" => () => there.index_copy(0, ids, there),
            "gather" => () => there.gather(1, ids.view(4, 1)),
            "cat" => () => cat([there, here], dim: 0),
            "norm" => () => nn.functional.layer_norm(there, [4], here[0], here[0]),
            _ => (Func<Tensor>)(() => there.mm(here)),
        };

        var error = Record.Exception(() => operation());

        Assert.True(error is not null || MetaKernels.HasProblems, $"{name} does not refuse it");
    }

    [Fact]
    public void PredictNoise_TimestepsAreLeftOnTheCpu_IsAnError()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var scope = NewDisposeScope();
        using var model = Open("sd1");
        var latents = zeros([1, 4, 4, 4], device: META);
        var conditioning = new Conditioning(zeros([1, 77, 32], device: META));

        Assert.Throws<InvalidOperationException>(() => model.PredictNoise(latents, zeros(1), conditioning));
    }

    private TrainerResult Train(
        string model,
        TrainOptions options,
        Action<TrainProgress> onStep,
        ScalarType type = ScalarType.Float32,
        TrainState? resumeFrom = null
    )
    {
        using var scope = NewDisposeScope();
        using var fixture = Fixture(model, options, type);
        IDiffusionModel network = new OneDeviceModel(fixture.Model);
        network.UsesGradientCheckpointing = options.GradientCheckpointing == GradientCheckpointing.On;
        return new Trainer(network, fixture.Schedule, options).Run(
            Concept(fixture),
            resumeFrom,
            state => state.Write(folder.File("state.safetensors"), new Dictionary<string, string>(), []),
            new ImmediateProgress<TrainProgress>(onStep),
            CancellationToken.None
        );
    }

    private static ImageFixture Fixture(string model, TrainOptions options, ScalarType type = ScalarType.Float32) =>
        new(options, Goldens.Path("models", model), type, device: META, images: Images(options));

    private static Concept Concept(ImageFixture fixture)
    {
        using var initial = InitialEmbedding.Of("cat", fixture.Options.VectorCount, fixture.Model);
        var rows = initial.Rows.Select(each => each.clone()).ToList();
        return new Concept(fixture.Placeholder, rows, fixture.Images, fixture.Prompts);
    }

    /// <summary>Images with captions and masks, of two sizes if the options allow it.</summary>
    private static List<TrainingImage> Images(TrainOptions options) =>
        [
            .. Enumerable
                .Range(0, 6)
                .Select(i => Image(options.Crop == CropMode.Bucket && i < 3 ? 48 : 32, 32))
                .Select(
                    (image, i) =>
                        new TrainingImage(
                            $"{i}.png",
                            image,
                            "",
                            image.WidthPixels,
                            image.HeightPixels,
                            "a {}, red, new"
                        )
                        {
                            Mask = i % 2 == 0 ? null : Mask(image),
                        }
                ),
        ];

    private static RgbImage Image(int width, int height) => new(new byte[width * height * 3], width, height);

    private static ImageMask Mask(RgbImage image)
    {
        var values = new byte[image.WidthPixels * image.HeightPixels];
        values.AsSpan(values.Length / 2).Fill(byte.MaxValue);
        return new ImageMask(values, image.WidthPixels, image.HeightPixels, Path: null, Sha256: null);
    }

    private static OneDeviceModel Open(string name) =>
        new OneDeviceModel(DiffusionModel.Open(new GoldenModel(name).Folder, META, ScalarType.Float32));

    private static GenerationSettings Settings(IDiffusionModel model) =>
        new()
        {
            Prompt = "a photo of <new>",
            Negative = "bad",
            Sampler = SamplerKind.Ddim,
            Steps = 5,
            Guidance = 3,
            Width = model.Resolution,
            Height = model.Resolution,
        };

    private static List<Tensor> Rows(OneDeviceModel model) =>
        [.. model.Vocabularies.Select(vocabulary => vocabulary.narrow(0, 7, 2))];

    private static IReadOnlyList<RgbImage> Generate(string name, OneDeviceModel model, GenerationSettings options)
    {
        using var scope = NewDisposeScope();
        var tokenizers = new PromptTokenizers(model.Tokenizers, [Placeholder.Parse("<new>", 2)]);
        var config = new GoldenModel(name).SchedulerConfig with { ClipSample = false };
        return new TextToImage(model, config, tokenizers, Rows(model)).Generate(options, [1, 2]);
    }
}
