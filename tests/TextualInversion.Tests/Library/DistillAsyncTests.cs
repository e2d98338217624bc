using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Library;

[Trait("Category", Goldens.Category)]
public sealed class DistillAsyncTests
{
    private const string Prompt = "a photo of a small red cat on a table";

    private static readonly DistillOptions Short = new()
    {
        Token = "table-cat",
        Vectors = 2,
        Steps = 3,
        BatchSize = 1,
        Seed = 1,
        IsNegative = true,
        Generation = new GenerateOptions
        {
            Steps = 2,
            Width = 32,
            Height = 32,
        },
    };

    [Fact]
    public async Task DistillAsync_FewSteps_GivesAnEmbeddingThatIsNearerThanNothing()
    {
        using var model = await LoadAsync();
        var seen = new List<DistillProgress>();

        var result = await model.DistillAsync(Prompt, Short, new ImmediateProgress<DistillProgress>(seen.Add));

        Assert.Equal(("<table-cat>", 2), (result.Embedding.Token, result.Embedding.Vectors));
        Assert.Equal((10, 3, false), (result.Tokens, result.Steps, result.IsCancelled));
        Assert.InRange(result.Distance!.Value, 0.001, 0.999);
        Assert.NotNull(result.TruncatedDistance);
        var provenance = result.Embedding.Provenance;
        Assert.Equal((model.Source, 1UL, result.BestStep), (provenance.BaseModel, provenance.Seed, provenance.Steps));
        Assert.Equal(Prompt, provenance.Others["distilled_from"]);
        Assert.Equal("true", provenance.Others["modelspec.is_negative_embedding"]);
        Assert.Equal([1, 2, 3], seen.Where(at => at.Loss is not null).Select(at => at.Step));
        Assert.Equal(seen[0].Images, seen[^1].ImagesDone);
        using var generator = model.CreateGenerator(result.Embedding);
        generator.Generate("a cat", seed: 1, Short.Generation with { NegativePrompt = "<table-cat>" });
    }

    [Fact]
    public async Task DistillAsync_PromptWithAnEmbedding_UsesItsVectors()
    {
        using var model = await LoadAsync();
        var zeros = new Embedding("<thing>", [new float[3, 32]]);
        var options = Short with { Steps = 0, Embeddings = [zeros] };

        var result = await model.DistillAsync("<thing>", options);

        Assert.Equal(3, result.Tokens);
        Assert.All(result.Embedding.Rows[0].Cast<float>(), value => Assert.Equal(0, value));
    }

    [Fact]
    public async Task DistillAsync_Canceled_GivesWhatWasLearned()
    {
        using var model = await LoadAsync();
        using var enough = new CancellationTokenSource();
        var progress = new ImmediateProgress<DistillProgress>(at =>
        {
            if (at.Step == 1)
                enough.Cancel();
        });

        var result = await model.DistillAsync(Prompt, Short, progress, enough.Token);

        Assert.Equal((true, 1), (result.IsCancelled, result.Steps));
        Assert.Null(result.Distance);
    }

    [Fact]
    public async Task DistillAsync_WrongOptions_AreNamed()
    {
        using var model = await LoadAsync();
        foreach (
            var (options, name) in new[]
            {
                (Short with { Token = "" }, nameof(DistillOptions.Token)),
                (Short with { Vectors = 0 }, nameof(DistillOptions.Vectors)),
                (Short with { Vectors = 10 }, nameof(DistillOptions.Vectors)),
                (Short with { Steps = -1 }, nameof(DistillOptions.Steps)),
                (Short with { LearningRate = double.NaN }, nameof(DistillOptions.LearningRate)),
                (Short with { ComparedImages = 101 }, nameof(DistillOptions.ComparedImages)),
            }
        )
        {
            var error = await Assert.ThrowsAsync<TextualInversionException>(() => model.DistillAsync(Prompt, options));
            Assert.Equal(name, error.Parameter);
        }

        await Assert.ThrowsAsync<ArgumentException>(() => model.DistillAsync(" ", Short));
    }

    private static Task<StableDiffusionModel> LoadAsync() =>
        StableDiffusionModel.LoadAsync(Goldens.Path("models", "sd1"), new LoadOptions { Device = "cpu" });
}
