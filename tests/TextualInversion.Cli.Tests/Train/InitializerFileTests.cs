using System.Text.Json;
using TextualInversion.Embeddings;
using TextualInversion.IO;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Train;

/// <summary><c>ti train --initializer FILE</c>.</summary>
[Trait("Category", "EndToEnd")]
public sealed class InitializerFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Train_FromAFile_RecordsTheFileAndNoWord()
    {
        await TrainAsync("first", "--initializer", "cat");
        var start = folder.File("first/embeddings/my-cat.safetensors");
        await TrainAsync("second", "--initializer", start);

        using var record = JsonDocument.Parse(await File.ReadAllTextAsync(folder.File("second/runs/my-cat/run.json")));
        var initializer = record.RootElement.GetProperty("initializer");
        Assert.Equal(
            (start, Sha256.OfFile(start)),
            (initializer.GetProperty("file").GetString(), initializer.GetProperty("sha256").GetString())
        );
        Assert.Equal(JsonValueKind.Null, initializer.GetProperty("phrase").ValueKind);
        using var learned = EmbeddingFile.Read(folder.File("second/embeddings/my-cat.safetensors"));
        Assert.Equal(Sha256.OfFile(start), learned.Provenance["initializer_sha256"]);
        Assert.False(learned.Provenance.ContainsKey("initializer")); // it would be read as words
    }

    [Fact]
    public async Task Train_FromAFileOfOneVector_LearnsOne()
    {
        await TrainAsync("first", "--initializer", "cat", "--vectors", "1");
        await TrainAsync("second", "--initializer", folder.File("first/embeddings/my-cat.safetensors"));

        using var learned = EmbeddingFile.Read(folder.File("second/embeddings/my-cat.safetensors"));
        Assert.Equal(1, learned.Vectors);
    }

    private async Task TrainAsync(string output, params string[] more)
    {
        var (exitCode, _, error) = await TiRunner.TrainAsync(
            folder.File(output),
            Goldens.Sample("my-cat"),
            "my-cat",
            ["--model", Goldens.Path("models", "sd1"), "--resolution", "32", "--batch", "1", "--steps", "1", .. more]
        );
        Assert.True(exitCode == 0, error);
    }
}
