using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Library;

[Trait("Category", Goldens.Category)]
public sealed class EvaluateAsyncTests
{
    private static readonly EvaluateOptions Small = new()
    {
        Clip = Goldens.Path("models", "clip"),
        Count = 2,
        Prompts = ["a painting of {}"],
        Generation = new GenerateOptions
        {
            Steps = 1,
            Width = 16,
            Height = 16,
        },
    };

    private static readonly Embedding Cat = new("<my-cat>", [new float[1, 32]]);

    [Fact]
    public async Task EvaluateAsync_TwoEmbeddings_ScoresEach()
    {
        using var model = await LoadAsync();
        var reports = new List<EvaluateProgress>();

        var scores = await model.EvaluateAsync(
            [Cat, Cat],
            TrainingImages.Load(Goldens.Sample("my-cat")),
            Small with
            {
                Initializer = "cat",
            },
            new ImmediateProgress<EvaluateProgress>(reports.Add)
        );

        Assert.Equal(["<my-cat>", "<my-cat> (2)"], scores.Embeddings.Select(each => each.Name));
        Assert.Equal(scores.Embeddings[0].ImageSimilarity, scores.Embeddings[1].ImageSimilarity);
        Assert.InRange(scores.BestImageSimilarity!.Value, -1, 1);
        Assert.NotEmpty(scores.Reason);
        Assert.Equal(reports[^1].TotalImages, reports[^1].Images);
    }

    [Fact]
    public async Task EvaluateAsync_NoInitializerKnown_NamesTheOption()
    {
        using var model = await LoadAsync();

        var problem = await Assert.ThrowsAsync<TextualInversionException>(() =>
            model.EvaluateAsync([Cat], TrainingImages.Load(Goldens.Sample("my-cat")), Small)
        );

        Assert.Equal(nameof(EvaluateOptions.Initializer), problem.Parameter);
    }

    private static Task<StableDiffusionModel> LoadAsync() =>
        StableDiffusionModel.LoadAsync(Goldens.Path("models", "sd1"), new LoadOptions { Device = "cpu" });
}
