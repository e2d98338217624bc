using TextualInversion.Data;
using TextualInversion.Evaluation;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Evaluation;

[Trait("Category", Goldens.Category)]
public sealed class EvaluatorTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly GoldenModel golden = new("sd1");
    private readonly IDiffusionModel model;
    private readonly ClipScorer clip = new(Goldens.Path("models", "clip"), CPU);
    private readonly List<EvaluationProgress> reports = [];

    public EvaluatorTests() => model = golden.Open();

    public void Dispose()
    {
        clip.Dispose();
        model.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void Run_Protocol_IsThePapers()
    {
        var result = Run("cache");

        var row = Assert.Single(result.Rows);
        var given = Given.Select(clip.Embed).ToList();
        var images = row.Images.ToLookup(image => image.Prompt, image => clip.Embed(ImageDecoder.Decode(image.Path)));
        Assert.Equal(
            ["a photo of <new>", "a photo of <new> on a beach", "a sketch of <new>"],
            images.Select(group => group.Key)
        );
        Assert.Equal(
            images["a photo of <new>"]
                .SelectMany(made => given.Select(other => ClipScorer.Cosine(made, other)))
                .Average(),
            row.ImageSimilarity.Mean,
            12
        );
        var beach = images["a photo of <new> on a beach"]
            .Average(made => ClipScorer.Cosine(made, clip.Embed("a photo of on a beach")));
        var sketch = images["a sketch of <new>"].Average(made => ClipScorer.Cosine(made, clip.Embed("a sketch of")));
        Assert.Equal((beach + sketch) / 2, row.TextSimilarity.Mean, 12);
        Assert.Equal(ClipScorer.Cosine(given[0], given[1]), result.Ceiling!.Value, 12);
        Assert.Equal(row.ImageSimilarity.Mean - result.Baseline.ImageSimilarity.Mean, row.ImageSimilarityGain.Mean, 12);
        Assert.Equal("a photo of cat", result.Baseline.Images[0].Prompt);
        Assert.Equal([7ul, 8ul], row.Images.Take(2).Select(image => image.Seed));
    }

    [Fact]
    public void Run_Again_GeneratesNothingAndGivesTheSameValues()
    {
        var first = Run("cache");
        var generated = reports[^1].Generated;
        var again = Run("cache");
        var generatedAgain = reports[^1].Generated;
        var elsewhere = Run("other");

        Assert.Equal(Options.Count * (2 * 3 + 1), generated);
        Assert.Equal(0, generatedAgain);
        AssertSame(first, again);
        AssertSame(first, elsewhere);
    }

    [Fact]
    public void Run_InterruptedAndAgain_GeneratesTheRestAndGivesTheSameValues()
    {
        using var cancellation = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() =>
            Run(
                "cache",
                at =>
                {
                    if (at.Done == 5)
                        cancellation.Cancel();
                },
                cancellation.Token
            )
        );
        var result = Run("cache");

        Assert.Equal(reports[^1].Total - 5, reports[^1].Generated);
        AssertSame(Run("other"), result);
    }

    [Fact]
    public void Run_DamagedFilesInTheCache_AreMadeAnew()
    {
        var first = Run("cache");
        foreach (
            var (index, file) in Directory
                .EnumerateFiles(folder.File("cache"), "*", SearchOption.AllDirectories)
                .Index()
        )
            File.WriteAllBytes(file, File.ReadAllBytes(file)[..(index % 40)]);

        AssertSame(first, Run("cache"));
    }

    [Fact]
    public void Key_WhatDecidesOnThePixels_IsInIt()
    {
        var generator = new CandidateGenerator(model, golden.SchedulerConfig, "model");
        using var rows = Rows();
        using var others = rows.neg();
        var candidate = Word(rows);
        var generation = Options.Generation with { Prompt = "a <new>" };
        string[] keys =
        [
            generator.Key(candidate, generation, 1),
            generator.Key(candidate, generation, 2),
            generator.Key(Word(others), generation, 1),
            generator.Key(candidate, generation with { Prompt = "the <new>" }, 1),
            generator.Key(candidate, generation with { Steps = 3 }, 1),
            generator.Key(candidate, generation with { Guidance = 2 }, 1),
            new CandidateGenerator(model, golden.SchedulerConfig, "other").Key(candidate, generation, 1),
            new CandidateGenerator(
                model,
                golden.SchedulerConfig with
                {
                    PredictionType = PredictionType.VPrediction,
                },
                "model"
            ).Key(candidate, generation, 1),
        ];

        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.Equal(keys[0], generator.Key(Word(rows) with { Name = "elsewhere" }, generation, 1));
    }

    [Fact]
    public void Fingerprint_EachModel_IsItsOwn()
    {
        var prints = new List<string>();
        foreach (var name in GoldenModel.Names)
            prints.Add(ModelFingerprint.Of(new GoldenModel(name).Folder));

        Assert.Equal(prints.Count, prints.Distinct().Count());
        Assert.Contains(ModelFingerprint.Of(golden.Folder), prints);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public void Validate_TooFewImages_NamesCount(int count) =>
        Assert.Equal(
            nameof(EvaluationOptions.Count),
            Assert.Throws<TextualInversionException>((Options with { Count = count }).Validate).Parameter
        );

    private static RgbImage[] Given =>
        [.. Enumerable.Range(0, 2).Select(i => PillowFixture.Image(Goldens.Open("clip.safetensors"), $"image{i}"))];

    private EvaluationOptions Options =>
        new()
        {
            BarePrompt = "a photo of {}",
            EditPrompts = ["a photo of {} on a beach", "a sketch of {}"],
            Count = 2,
            Seed = 7,
            Generation = new GenerationSettings
            {
                Prompt = "",
                Sampler = SamplerKind.Ddim,
                Steps = 2,
                Guidance = 3,
                Width = model.Resolution,
                Height = model.Resolution,
            },
        };

    private EvaluationResult Run(
        string cache,
        Action<EvaluationProgress>? watch = null,
        CancellationToken cancellationToken = default
    )
    {
        using var rows = Rows();
        var evaluator = new Evaluator(
            new CandidateGenerator(model, golden.SchedulerConfig, "model"),
            clip,
            new ImageCache(folder.File(cache)),
            Options
        );
        return evaluator.Run(
            [Word(rows)],
            "cat",
            Given,
            "sd1",
            new Watch(at =>
            {
                reports.Add(at);
                watch?.Invoke(at);
            }),
            cancellationToken
        );
    }

    private Tensor Rows() => model.Vocabularies[0].narrow(0, model.Vocabularies[0].shape[0] / 2, 2).clone();

    private static Candidate Word(Tensor rows) =>
        new("new.safetensors", "<new>", [Placeholder.Parse("<new>", 2)], [rows]);

    private static void AssertSame(EvaluationResult expected, EvaluationResult actual)
    {
        Assert.Equal(
            expected.Rows[0] with
            {
                Warnings = [],
                Images = [],
            },
            actual.Rows[0] with
            {
                Warnings = [],
                Images = [],
            }
        );
        Assert.Equal(expected.Rows[0].Warnings, actual.Rows[0].Warnings);
        Assert.Equal(
            (expected.Ceiling, expected.Floor, expected.Choice),
            (actual.Ceiling, actual.Floor, actual.Choice)
        );
    }

    private sealed class Watch(Action<EvaluationProgress> handle) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => handle(value);
    }
}
