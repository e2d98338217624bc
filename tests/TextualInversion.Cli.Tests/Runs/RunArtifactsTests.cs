using TextualInversion.Cli.Runs;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Runs;

public sealed class RunArtifactsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>The record's paths are from where the training was started.</summary>
    [Fact]
    public void Read_AnotherEmbeddingAtTheRecordedPath_IsNotTaken()
    {
        var other = folder.Write("elsewhere/embeddings/my-cat.safetensors", "another run's");
        var run = RecordedRunFolder.Write(folder, "my-cat", record => record["result"]!["embedding"] = other);
        var own = folder.Write("embeddings/my-cat.safetensors", "this run's");

        var file = Assert.Single(RunArtifacts.Read(run).Embeddings);

        Assert.Equal(own, Path.GetFullPath(file));
    }

    [Fact]
    public void ChangedImages_AnotherFileAtTheRecordedPath_IsNamed()
    {
        var run = RecordedRunFolder.Write(folder, "my-cat");
        folder.Write("embeddings/my-cat.safetensors", "this run's");
        Assert.Empty(RunArtifacts.Read(run).ChangedImages());

        File.Copy(Goldens.Sample("my-dog", "1.png"), folder.File("2.png"), overwrite: true);

        Assert.StartsWith(
            $"{folder.File("2.png")}: is not the image that was trained on",
            Assert.Single(RunArtifacts.Read(run).ChangedImages()),
            StringComparison.Ordinal
        );
    }
}
