using TextualInversion.Embeddings;
using TextualInversion.Tensors;

namespace TextualInversion.Cli.Tests.Train;

/// <summary>What a training writes for other programs: metadata, a preview, another layout.</summary>
[Trait("Category", "EndToEnd")]
public sealed class TrainExtrasTests : IDisposable
{
    private readonly TrainFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Train_ForAProgramWithAPreview_WritesBothBesideTheEmbedding()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([
            .. folder.Command("."),
            "--steps",
            "2",
            "--for",
            "invokeai",
            "--negative-embedding",
            "--sample-every",
            "2",
            "--sample-steps",
            "1",
            "--preview",
        ]);

        Assert.True(exitCode == 0, error);
        var file = SafetensorsFile.Open(folder.File(TrainFolder.Embedding));
        Assert.Equal("1.0.1", file.Metadata["modelspec.sai_model_spec"]);
        Assert.Equal("stable-diffusion-v1/textual-inversion", file.Metadata["modelspec.architecture"]);
        Assert.Equal("32x32", file.Metadata["modelspec.resolution"]);
        Assert.Equal("<my-cat>", file.Metadata["modelspec.trigger_phrase"]);
        Assert.Equal("true", file.Metadata["modelspec.is_negative_embedding"]);
        Assert.Contains("in the negative prompt", (await TiRunner.RunAsync("inspect", file.FilePath)).Output);
        using var scope = TorchSharp.torch.NewDisposeScope();
        var hash = TextualInversion.IO.Sha256.OfBytes(file.Read("<my-cat>").contiguous().bytes);
        Assert.Equal($"0x{hash}", file.Metadata["modelspec.hash_sha256"]);

        using var other = EmbeddingFile.Open(folder.File("embeddings/invokeai/my-cat.safetensors"));
        Assert.Equal("emb_params", other.Key);
        Assert.Contains("my-cat.safetensors is for InvokeAI", error, StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("embeddings/my-cat.preview.png")));
    }

    [Theory]
    [InlineData("shows an image of the run; say how often")]
    [InlineData("is for a run of one seed", "--seeds", "2", "--sample-every", "1")]
    public async Task Preview_WithoutOneImage_IsRefusedBeforeAnythingIsLoaded(string expected, params string[] more)
    {
        string[] command = [.. folder.Command("."), "--steps", "2", "--preview", .. more];
        Directory.Delete(folder.File("model"), recursive: true); // it is not opened
        var (exitCode, _, error) = await TiRunner.RunAsync(command);
        Assert.Equal(2, exitCode);
        Assert.Contains($"--preview: {expected}", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Preview_ThatIsThere_IsRefusedBeforeTheTraining()
    {
        var preview = folder.Write("embeddings/my-cat.preview.png", "mine");
        string[] command = [.. folder.Command("."), "--steps", "2", "--sample-every", "2", "--preview"];
        Directory.Delete(folder.File("model"), recursive: true);
        var (exitCode, _, error) = await TiRunner.RunAsync(command);
        Assert.Equal(1, exitCode);
        Assert.Contains("my-cat.preview.png: exists", error, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(preview));
    }

    [Fact]
    public async Task For_FileThatIsThere_IsRefusedBeforeTheTraining()
    {
        folder.Write("embeddings/comfyui/my-cat.safetensors", "mine");
        string[] command = [.. folder.Command("."), "--steps", "2", "--for", "comfyui"];
        var (exitCode, _, error) = await TiRunner.RunAsync(command);
        Assert.Equal(1, exitCode);
        Assert.Contains("comfyui", error, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(folder.File("embeddings/comfyui/my-cat.safetensors")));
    }
}
