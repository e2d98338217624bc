using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Train;

/// <summary>The library and <c>ti train</c> train the same embedding.</summary>
[Trait("Category", "EndToEnd")]
public sealed class LibraryTrainingTests
{
    [Fact]
    public async Task TrainAsync_OptionsOfTheCommand_GivesTheSameRows()
    {
        using var folder = new TemporaryFolder();
        string[] options = ["--model", Goldens.Sample("demo-model"), "--initializer", "cat", "--steps", "3"];
        var (exitCode, _, error) = await TiRunner.TrainAsync(folder.Path, Goldens.Sample("my-cat"), "my-cat", options);
        Assert.True(exitCode == 0, error);
        var expected = Embedding.Load(folder.File("embeddings/my-cat.safetensors"));

        using var model = await StableDiffusionModel.LoadAsync(Goldens.Sample("demo-model"));
        var result = await model.TrainAsync(
            TrainingImages.Load(Goldens.Sample("my-cat")),
            new TrainOptions
            {
                Token = "my-cat",
                Initializer = "cat",
                Steps = 3,
                Seed = 1,
            }
        );

        Assert.Equal(expected.Token, result.Embedding.Token);
        Assert.Equal(expected.Rows, result.Embedding.Rows);
        Assert.Empty(expected.Provenance.LoraSha256);
        Assert.Empty(result.Embedding.Provenance.LoraSha256);
        Assert.Equal(
            expected.Provenance with
            {
                Others = result.Embedding.Provenance.Others,
                LoraSha256 = result.Embedding.Provenance.LoraSha256,
                Software = result.Embedding.Provenance.Software,
            },
            result.Embedding.Provenance
        );
    }
}
