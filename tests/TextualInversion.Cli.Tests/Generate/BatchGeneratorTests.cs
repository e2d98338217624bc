using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using TextualInversion.Checkpoints;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Generate;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Generate;

public sealed class BatchGeneratorTests
{
    private static readonly GenerationSettings Options = new()
    {
        Prompt = "a cat",
        Sampler = SamplerKind.Ddim,
        Steps = 1,
        Guidance = 1,
        Width = 16,
        Height = 16,
    };

    [Theory]
    [InlineData("CUDA out of memory. Tried to allocate 2.00 GiB.")]
    [InlineData(
        "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried "
            + "to allocate 2 bytes."
    )]
    public void Generate_MemoryRunsOut_GoesOnWithHalfTheBatch(string message)
    {
        using var network = new CrampedModel(message, failures: 2);
        var reports = new List<GenerationProgress>();

        var cramped = Generate(network, images: 5, batch: 4, reports);

        Assert.Equal([2, 1], reports.Select(report => report.SmallerBatch).OfType<int>());
        Assert.Equal([0, 1, 2, 3, 4], reports.Where(report => report.Step > 0).Select(report => report.Done));
        Assert.Equal(Generate(network, images: 5, batch: 1, []), cramped);
    }

    [Fact]
    public void Generate_MemoryRunsOutForOneImage_SaysWhatToDo()
    {
        using var network = new CrampedModel("CUDA out of memory.", failures: 9);
        var problem = Assert.Throws<TextualInversionException>(() => Generate(network, images: 2, batch: 2, []));
        Assert.StartsWith(
            "Memory ran out while making an image of 16 x 16; choose a smaller --width",
            problem.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Generate_AnotherError_IsNotHidden()
    {
        using var network = new CrampedModel("expected scalar type Float", failures: 9);
        Assert.Throws<ExternalException>(() => Generate(network, images: 2, batch: 2, []));
    }

    [Fact]
    public void Run_ImageThatCannotBeWritten_KeepsThoseBefore()
    {
        using var folder = new TemporaryFolder();
        using var network = new CrampedModel("", failures: 0);
        using var none = EmbeddingSet.Load([]);
        using var generator = new BatchGenerator(
            network,
            ModelScheduler.Load(CrampedModel.Files, prediction: null),
            new PromptEmbeddings(none, [], [128], _ => { })
        );
        var plan = ImagePlan.OfPrompts([Options], firstSeed: 3, count: 5);
        var writer = new GeneratedImageWriter(
            plan,
            new ImagePaths(folder.Path, 5, format: null, overwrite: false),
            hasGrid: false,
            job => job.Seed < 5 ? "" : throw new TextualInversionException("full")
        );
        using var said = new StringWriter();
        var runner = new GenerationRunner(generator, writer, new ConsoleLog(said, quiet: false));

        var outcome = runner.Run(plan, batch: 1, default);

        Assert.Equal("full", Assert.IsType<TextualInversionException>(outcome.Problem).Message);
        Assert.Equal([3ul, 4ul], writer.Written.Select(image => image.Seed));
        Assert.All(writer.Written, image => Assert.True(File.Exists(image.Path)));
        Assert.StartsWith("step 0/5  image 1/5", said.ToString(), StringComparison.Ordinal);
    }

    private static List<byte[]> Generate(CrampedModel network, int images, int batch, List<GenerationProgress> reports)
    {
        using var none = EmbeddingSet.Load([]);
        var scheduler = ModelScheduler.Load(CrampedModel.Files, prediction: null);
        using var generator = new BatchGenerator(network, scheduler, new PromptEmbeddings(none, [], [128], _ => { }));
        return
        [
            .. generator
                .Generate(
                    ImagePlan.OfPrompts([Options], firstSeed: 3, images),
                    batch,
                    new SynchronousProgress<GenerationProgress>(reports.Add),
                    default
                )
                .Select(made => made.Image.Pixels),
        ];
    }

    /// <summary>The demo model with too little memory for the first calls.</summary>
    private sealed class CrampedModel(string message, int failures) : IDiffusionModel
    {
        private readonly IDiffusionModel model = ModelLoader.Open(Files, CPU, Precision.Fp32);

        public static ModelFolder Files { get; } = new(Goldens.Sample("demo-model"));

        public Device Device => model.Device;

        public IReadOnlyList<ModelPart> Parts => model.Parts;

        public IReadOnlyList<ClipTokenizer> Tokenizers => model.Tokenizers;

        public IReadOnlyList<Tensor> Vocabularies => model.Vocabularies;

        public LatentNetworks Latents => model.Latents;

        public bool ForceZerosForEmptyPrompt => model.ForceZerosForEmptyPrompt;

        public LatentDistribution EncodeImages(Tensor pixels) => model.EncodeImages(pixels);

        public Conditioning EncodePrompts(
            IReadOnlyList<PromptTokens> prompts,
            IReadOnlyList<Tensor>? rows,
            IReadOnlyList<SizeConditioning> images,
            int skippedBlocks = 0
        ) => model.EncodePrompts(prompts, rows, images, skippedBlocks);

        [SuppressMessage("Usage", "CA2201", Justification = "This is what TorchSharp throws.")]
        public Tensor PredictNoise(Tensor noisyLatents, Tensor timesteps, Conditioning conditioning) =>
            failures-- > 0
                ? throw new ExternalException(message)
                : model.PredictNoise(noisyLatents, timesteps, conditioning);

        public void Backward(Tensor loss) => model.Backward(loss);

        public Tensor DecodeLatents(Tensor latents) => model.DecodeLatents(latents);

        public string Hash(ModelPart part) => model.Hash(part);

        public void ReleaseVae() => model.ReleaseVae();

        public void Dispose() => model.Dispose();
    }
}
