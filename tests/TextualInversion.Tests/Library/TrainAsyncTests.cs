using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Library;

[Trait("Category", Goldens.Category)]
public sealed class TrainAsyncTests
{
    private static readonly LoadOptions OnCpu = new() { Device = "cpu" };

    private static readonly TrainOptions Short = new()
    {
        Token = "my-cat",
        Initializer = "cat",
        Vectors = 2,
        Steps = 3,
        BatchSize = 1,
        Resolution = 32,
        ValidateEvery = 2,
        Seed = 1,
    };

    private static TrainingImages Cats => TrainingImages.Load(Goldens.Sample("my-cat"));

    [Fact]
    public async Task TrainAsync_SearchForAStyle_TellsThePhraseAndWhatTheImagesShow()
    {
        using var model = await LoadAsync("sd1");
        var options = Short with
        {
            Initializer = "auto",
            Vectors = null,
            Property = LearnedProperty.Style,
            SearchSteps = 12,
            Steps = 1,
            ValidateEvery = 0,
        };

        var result = await model.TrainAsync(TrainingImages.Load(Goldens.Sample("my-style")), options);

        Assert.False(string.IsNullOrEmpty(result.Initializer));
        Assert.Equal(result.Embedding.Provenance.Initializer, result.Initializer);
        Assert.Equal(5, result.ShownWords.Count);
        Assert.Contains(result.ShownWords, word => word is not null);
    }

    [Theory]
    [InlineData("sd1", 1)]
    [InlineData("sdxl", 2)]
    public async Task TrainAsync_FewSteps_GivesAnEmbeddingThatGenerates(string name, int encoders)
    {
        using var folder = new TemporaryFolder();
        using var model = await LoadAsync(name);

        var result = await model.TrainAsync(Cats, Short);

        Assert.Equal((TrainingEnd.Completed, 3), (result.End, result.Steps));
        Assert.Equal(
            ("<my-cat>", 2, encoders),
            (result.Embedding.Token, result.Embedding.Vectors, result.Embedding.Rows.Count)
        );
        Assert.Equal("cat", result.Initializer);
        Assert.Empty(result.ShownWords);
        Assert.Equal([0, 2, 3], result.Validation.Select(point => point.Step));
        Assert.Equal(result.Validation.MinBy(point => point.RelativeLoss)!.Step, result.BestStep);
        Assert.NotEmpty(result.BaseWeightHashes);
        Assert.All(result.BaseWeightHashes.Values, hash => Assert.Equal(hash.Before, hash.After));
        var provenance = result.Embedding.Provenance;
        Assert.Equal((model.Source, "cat", 1UL), (provenance.BaseModel, provenance.Initializer, provenance.Seed));
        Assert.Equal((result.BestStep, result.Steps), (provenance.Steps, result.LastEmbedding.Provenance.Steps));
        result.Embedding.Save(folder.File("my-cat.safetensors"));
        using var generator = model.CreateGenerator(Embedding.Load(folder.File("my-cat.safetensors")));
        generator.Generate(
            "a <my-cat>",
            seed: 1,
            new GenerateOptions
            {
                Steps = 1,
                Width = 16,
                Height = 16,
            }
        );
    }

    [Fact]
    public async Task TrainAsync_ProgressOnAnotherThread_HoldsNumbersThatStay()
    {
        using var model = await LoadAsync("sd1");
        var caller = Environment.CurrentManagedThreadId;
        var reports = new List<(TrainProgress Progress, float First, int Thread)>();
        var progress = new ImmediateProgress<TrainProgress>(each =>
            reports.Add((each, each.Rows[0][0, 0], Environment.CurrentManagedThreadId))
        );

        var result = await model.TrainAsync(Cats, Short, progress);

        Assert.Equal([0, 1, 2, 3], reports.Select(report => report.Progress.Step));
        Assert.All(reports, report => Assert.NotEqual(caller, report.Thread));
        Assert.All(reports, report => Assert.Equal(report.First, report.Progress.Rows[0][0, 0]));
        Assert.Equal(4, reports.Select(report => report.First).Distinct().Count());
        Assert.Equal(result.LastEmbedding.Rows[0], reports[^1].Progress.Rows[0]);
    }

    [Fact]
    public async Task TrainAsync_Cancelled_GivesTheResultSoFar()
    {
        using var model = await LoadAsync("sd1");
        using var source = new CancellationTokenSource();
        TrainProgress? last = null;
        var progress = new ImmediateProgress<TrainProgress>(each =>
        {
            last = each;
            if (each.Step == 2)
                source.Cancel();
        });

        var result = await model.TrainAsync(Cats, Short with { Steps = 1000 }, progress, source.Token);

        Assert.Equal((TrainingEnd.Cancelled, 2), (result.End, result.Steps));
        Assert.Equal(last!.Rows[0], result.LastEmbedding.Rows[0]);
    }

    [Fact]
    public async Task TrainAsync_CancelledBeforeItBegan_Throws()
    {
        using var model = await LoadAsync("sd1");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            model.TrainAsync(Cats, Short, progress: null, new CancellationToken(canceled: true))
        );
    }

    [Fact]
    public async Task TrainAsync_TwoAtOnce_GiveTheRowsOfOneAfterTheOther()
    {
        TrainOptions first = Short,
            second = Short with { Token = "my-dog", Initializer = "dog", Seed = 2 };
        var dogs = TrainingImages.Load(Goldens.Sample("my-dog"));
        using StableDiffusionModel one = await LoadAsync("sd1"),
            other = await LoadAsync("sd1");

        TrainResult[] together = await Task.WhenAll(one.TrainAsync(Cats, first), other.TrainAsync(dogs, second));
        TrainResult[] alone = [await one.TrainAsync(Cats, first), await other.TrainAsync(dogs, second)];

        Assert.All(
            together.Zip(alone),
            pair => Assert.Equal(pair.Second.LastEmbedding.Rows[0], pair.First.LastEmbedding.Rows[0])
        );
        Assert.NotEqual(alone[0].LastEmbedding.Rows[0], alone[1].LastEmbedding.Rows[0]);
    }

    [Theory]
    [InlineData(GradientCheckpointing.On)]
    [InlineData(GradientCheckpointing.Off)]
    public async Task TrainAsync_GradientCheckpointing_ChangesNoResult(GradientCheckpointing checkpointing)
    {
        using var model = await LoadAsync("sd1");

        var result = await model.TrainAsync(Cats, Short with { GradientCheckpointing = checkpointing });
        var expected = await model.TrainAsync(Cats, Short);

        Assert.Equal(expected.LastEmbedding.Rows[0], result.LastEmbedding.Rows[0]);
    }

    [Fact]
    public async Task TrainAsync_GenerateInAProgressHandler_Works()
    {
        using var model = await LoadAsync("sd1");
        var images = new List<Image>();
        var progress = new ImmediateProgress<TrainProgress>(each =>
        {
            using var generator = model.CreateGenerator(new Embedding("<my-cat>", each.Rows));
            images.Add(
                generator.Generate(
                    "a <my-cat>",
                    1,
                    new GenerateOptions
                    {
                        Steps = 1,
                        Width = 16,
                        Height = 16,
                    }
                )
            );
        });

        var result = await model.TrainAsync(Cats, Short, progress);
        var without = await model.TrainAsync(Cats, Short);

        Assert.Equal(4, images.Count);
        Assert.Equal(without.LastEmbedding.Rows[0], result.LastEmbedding.Rows[0]);
    }

    [Fact]
    public async Task TrainAsync_PixelsFromMemory_AreThoseOfTheFiles()
    {
        using var model = await LoadAsync("sd1");
        var files = Directory.GetFiles(Goldens.Sample("my-cat"), "*.png").Order(StringComparer.Ordinal);
        var decoded = files.Select(file => ImageDecoder.Decode(file));
        var fromMemory = TrainingImages.Concat(
            decoded.Select(image => TrainingImages.FromRgb(image.Pixels, image.WidthPixels, image.HeightPixels))
        );

        var expected = await model.TrainAsync(Cats, Short);
        var result = await model.TrainAsync(fromMemory, Short);

        Assert.Equal(expected.LastEmbedding.Rows[0], result.LastEmbedding.Rows[0]);
    }

    public static TheoryData<string, TrainOptions> WrongOptions =>
        new()
        {
            { nameof(TrainOptions.Token), Short with { Token = null } },
            { nameof(TrainOptions.Vectors), Short with { Vectors = 0 } },
            { nameof(TrainOptions.Steps), Short with { Steps = 0 } },
            { nameof(TrainOptions.Initializer), Short with { Initializer = "missing.safetensors" } },
        };

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public async Task TrainAsync_OptionThatIsWrong_IsNamed(string property, TrainOptions options)
    {
        using var model = await LoadAsync("sd1");

        var problem = await Assert.ThrowsAsync<TextualInversionException>(() => model.TrainAsync(Cats, options));

        Assert.Equal(property, problem.Parameter);
    }

    private static Task<StableDiffusionModel> LoadAsync(string name) =>
        StableDiffusionModel.LoadAsync(Goldens.Path("models", name), OnCpu);
}
