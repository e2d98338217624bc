using TextualInversion.Embeddings;

namespace TextualInversion.Cli.Tests.Train;

/// <summary>Runs that cannot learn.</summary>
[Trait("Category", "EndToEnd")]
public sealed class TrainFailureTests : IDisposable
{
    private readonly TrainFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Train_PlaceholderThatIsCutOff_SaysSoAndKeepsNothing()
    {
        folder.Write("long.txt", string.Concat(Enumerable.Repeat("cat ", 100)) + "{}");

        var (exitCode, _, error) = await TiRunner.RunAsync([
            .. folder.Command("."),
            "--steps",
            "9",
            "--templates",
            folder.File("long.txt"),
        ]);

        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("<my-cat> is cut off in every prompt", error);
        Assert.False(File.Exists(folder.File(TrainFolder.Embedding)));
    }

    [Fact]
    public async Task Train_LossBeyondAllNumbers_KeepsTheBestRows()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([
            .. folder.Command("."),
            "--steps",
            "9",
            "--learning-rate",
            "1e30",
        ]);

        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("Training diverged after step 1", error);
        using var kept = EmbeddingFile.Read(folder.File(TrainFolder.Embedding));
        Assert.Equal("0", kept.Provenance["steps"]);
        Assert.All(kept.Rows[0].data<float>().ToArray(), value => Assert.InRange(value, -10, 10));
    }
}
