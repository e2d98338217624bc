using TextualInversion.Data;
using TextualInversion.Embeddings;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.EmbeddingFiles;

/// <summary><c>ti convert --thumbnail</c> and <c>--date</c>.</summary>
public sealed class ConvertShownMetadataTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Convert_ThumbnailAndDate_AreInTheFile()
    {
        var (exitCode, error) = await ConvertAsync(
            "diffusers",
            "--thumbnail",
            Goldens.Sample("my-cat", "1.png"),
            "--date",
            "2026-11-30"
        );

        Assert.True(exitCode == 0, error);
        using var read = EmbeddingFile.Read(folder.File("copy.safetensors"));
        Assert.Equal("2026-11-30", read.Provenance["modelspec.date"]);
        const string Start = "data:image/jpeg;base64,";
        Assert.StartsWith(Start, read.Provenance["modelspec.thumbnail"], StringComparison.Ordinal);
        var jpeg = folder.Write(
            "thumbnail.jpg",
            Convert.FromBase64String(read.Provenance["modelspec.thumbnail"][Start.Length..])
        );
        Assert.InRange(
            Math.Max(ImageDecoder.Decode(jpeg).WidthPixels, ImageDecoder.Decode(jpeg).HeightPixels),
            16,
            256
        );
        Assert.Equal([1f, 2], EmbeddingSamples.Values(read));
    }

    [Theory]
    [InlineData(2, "--date 30.11.2026: write a date such as 2026-11-30", "diffusers", "--date", "30.11.2026")]
    [InlineData(2, "cannot hold it; write a .safetensors file", "webui", "--date", "today")]
    [InlineData(1, "nowhere.png", "diffusers", "--thumbnail", "nowhere.png")]
    public async Task Convert_WrongValue_IsRefusedAndNothingIsWritten(
        int expected,
        string message,
        string layout,
        params string[] options
    )
    {
        var (exitCode, error) = await ConvertAsync(layout, options);

        Assert.Equal(expected, exitCode);
        Assert.Contains(message, error);
        Assert.False(File.Exists(folder.File("copy.safetensors")) || File.Exists(folder.File("copy.pt")));
    }

    private async Task<(int ExitCode, string Error)> ConvertAsync(string layout, params string[] more)
    {
        var source = folder.WriteEmbedding("my-cat.safetensors", "<my-cat>", [1, 2]);
        var output = folder.File(layout == "webui" ? "copy.pt" : "copy.safetensors");
        var (exitCode, _, error) = await TiRunner.RunAsync([
            "convert",
            source,
            "--to",
            layout,
            "--output",
            output,
            .. more,
        ]);
        return (exitCode, error);
    }
}
