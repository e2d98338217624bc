using TextualInversion.Cli.Runs;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training.RunFiles;

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

    /// <summary>A style must not be scored by the prompts of an object.</summary>
    [Theory]
    [InlineData("\"banana\"")]
    [InlineData("3")]
    [InlineData("1")]
    [InlineData("\"\"")]
    public void Read_PropertyThatDoesNotExist_NamesIt(string value)
    {
        var run = RecordedRunFolder.Write(
            folder,
            "my-cat",
            record => JsonMutation.Apply(record, "options.property", value)
        );
        folder.Write("embeddings/my-cat.safetensors", "this run's");

        var error = Assert.Throws<TextualInversionException>(() => RunArtifacts.Read(run));

        Assert.StartsWith(
            $"{RunFolder.RecordIn(run)}: options.property is not object or style;",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("\"style\"", LearnedProperty.Style)]
    [InlineData("\"Object\"", LearnedProperty.Object)]
    [InlineData(null, null)]
    public void Read_Property_IsThatOfTheRecord(string? value, LearnedProperty? expected)
    {
        var run = RecordedRunFolder.Write(
            folder,
            "my-cat",
            record => JsonMutation.Apply(record, "options.property", value)
        );
        folder.Write("embeddings/my-cat.safetensors", "this run's");

        Assert.Equal(expected, RunArtifacts.Read(run).Property);
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
