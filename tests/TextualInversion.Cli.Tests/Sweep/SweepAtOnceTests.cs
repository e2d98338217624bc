using TextualInversion.Cli.Sweep.Results;
using TextualInversion.Embeddings;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Sweep;

/// <summary><c>ti sweep --concepts-at-once</c>: cells that share U-Net batches.</summary>
[Trait("Category", "EndToEnd")]
public sealed class SweepAtOnceTests : IDisposable
{
    private readonly SweepTestFolder folder = new();

    public SweepAtOnceTests()
    {
        folder.Images("cat");
        folder.Images("dog", "my-dog");
        // Two seeds of two concepts with 2 and 4 steps; the last cells use another model.
        folder.Write(
            "sweep.yaml",
            $$"""
            concepts:
              - {token: my-cat, images: cat, initializer: cat, model: {{SweepTestFolder.Model}}, steps: 2}
              - {token: my-dog, images: dog, initializer: dog, model: {{SweepTestFolder.Model}}, steps: 4}
              - {token: my-pet, images: dog, initializer: dog, model: {{Goldens.Path("models", "sd2")}}, steps: 2}
            seeds: [1, 2]
            train: {batch: 1, resolution: 32, validate-every: 2, optimizer: adamw}
            """
        );
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Sweep_CellsAtOnce_LearnsNearlyTheVectorsOfEachAlone(bool claim)
    {
        string[] more = claim ? ["--claim"] : [];
        var (exitCode, _, error) = await folder.RunAsync("sweep.yaml", ["--concepts-at-once", "3", .. more]);
        Assert.True(exitCode == 0, error);
        var status = SweepStatus.Read(folder.Sweep);
        Assert.Equal((6, 6), (status.Done, status.Cells.Count));

        var (alone, _, said) = await TiRunner.RunAsync(
            "sweep",
            folder.File("sweep.yaml"),
            "--output",
            folder.File("alone")
        );
        Assert.True(alone == 0, said);

        Assert.All(status.Cells, cell => AssertNear(Path.GetFileName(cell.Embedding)));
    }

    [Fact]
    public async Task Sweep_OneOfSeveralAtOnceFails_TrainsTheOthersAndContinues()
    {
        var image = folder.File("cat/1.png");
        var whole = await File.ReadAllBytesAsync(image);
        await File.WriteAllBytesAsync(image, whole[..200]);

        var (exitCode, _, error) = await folder.RunAsync("sweep.yaml", "--concepts-at-once", "4");

        Assert.Equal(1, exitCode);
        Assert.Contains("error: 2 cells failed:", error, StringComparison.Ordinal);
        Assert.Equal((4, 2), (SweepStatus.Read(folder.Sweep).Done, SweepStatus.Read(folder.Sweep).Failed));
        await File.WriteAllBytesAsync(image, whole);
        var (again, _, said) = await folder.RunAsync("sweep.yaml", "--concepts-at-once", "auto");
        Assert.True(again == 0, said);
        Assert.Equal(6, SweepStatus.Read(folder.Sweep).Done);
    }

    private void AssertNear(string embedding)
    {
        using var scope = NewDisposeScope();
        using var alone = EmbeddingFile.Read(folder.File($"alone/embeddings/{embedding}"));
        using var together = EmbeddingFile.Read(folder.File($"out/embeddings/{embedding}"));
        // The root mean square; the values move by some 0.005. See ConceptsAtOnceTests for the rounding.
        Assert.True((alone.Rows[0] - together.Rows[0]).square().mean().sqrt().item<float>() < 2e-4, embedding);
    }
}
