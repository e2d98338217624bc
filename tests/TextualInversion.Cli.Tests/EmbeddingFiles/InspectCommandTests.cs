using System.Diagnostics;
using System.Text.Json;
using TextualInversion.Checkpoints;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.EmbeddingFiles;

/// <summary><c>ti inspect</c>.</summary>
public sealed class InspectCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Inspect_WithAModel_NamesTheNearestWords()
    {
        var (exitCode, output, _) = await TiRunner.RunAsync("inspect", DemoCat(), "--model", "demo", "--json");
        Assert.Equal(0, exitCode);
        using var json = JsonDocument.Parse(output);
        var file = json.RootElement.GetProperty("files")[0];
        var nearest = file.GetProperty("nearest")[0][0][0];
        Assert.Equal("cat", nearest.GetProperty("word").GetString());
        Assert.Equal(1, nearest.GetProperty("cosine").GetDouble(), 4);
        Assert.Equal(
            ("diffusers", "<my-cat>", "float32"),
            (
                file.GetProperty("layout").GetString(),
                file.GetProperty("trigger").GetString(),
                file.GetProperty("dtype").GetString()
            )
        );
        var norms = file.GetProperty("vocabularyNorms")[0];
        Assert.InRange(
            file.GetProperty("norms")[0][0].GetDouble(),
            norms.GetProperty("smallest").GetDouble() - 1e-6,
            norms.GetProperty("largest").GetDouble() + 1e-6
        );
        Assert.Equal(
            ["diffusers", "ComfyUI", "WebUI", "Forge", "SD.Next", "InvokeAI", "SwarmUI", "stable-diffusion.cpp"],
            file.GetProperty("programs").EnumerateArray().Select(program => program.GetProperty("program").GetString())
        );
        Assert.All(
            file.GetProperty("programs").EnumerateArray(),
            // InvokeAI takes the number of vectors for their width.
            program =>
                Assert.Equal(
                    program.GetProperty("program").GetString() != "InvokeAI",
                    program.GetProperty("loads").GetBoolean()
                )
        );
    }

    [Fact]
    public async Task Inspect_Folder_ReportsAllAndWarnsOfTheRest()
    {
        folder.WriteEmbedding("a.safetensors", "<a>", [1, 2]);
        folder.WriteEmbedding("b.safetensors", "<b>", [1, 2]);
        folder.Write("broken.pt", [0x80, 2]);
        var (exitCode, output, error) = await TiRunner.RunAsync("inspect", folder.Path);
        Assert.Equal(0, exitCode);
        Assert.Contains("<a>", output);
        Assert.Contains("<b>", output);
        Assert.Contains("embedding:a", output);
        Assert.StartsWith($"warning: {folder.File("broken.pt")}", error);
    }

    [Fact]
    public async Task Inspect_OtherWidthThanTheModels_SaysSo()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync(
            "inspect",
            folder.WriteEmbedding("a.safetensors", "<a>", [1, 2]),
            "--model",
            "demo"
        );
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("2 wide and the model's 128", error);
    }

    [Fact]
    public async Task Inspect_FolderWithoutEmbeddings_IsRefused()
    {
        folder.Write("notes.txt", "no embedding");
        var (exitCode, _, error) = await TiRunner.RunAsync("inspect", folder.Path);
        TiRunner.AssertRefused(exitCode, error);
        Assert.StartsWith($"error: {folder.Path}: has no embedding", error);
    }

    /// <summary>Nobody writes into the pipe, so opening it would wait forever.</summary>
    [Fact]
    public async Task Inspect_NamedPipe_IsRefused()
    {
        if (OperatingSystem.IsWindows())
            return;
        var path = folder.File("pipe.pt");
        using (var shell = Process.Start("mkfifo", [path]))
            await shell.WaitForExitAsync();

        var (exitCode, _, error) = await TiRunner.RunAsync("inspect", path);

        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("is a named pipe", error);
    }

    /// <summary>An embedding with the demo model's vector of the word cat.</summary>
    private string DemoCat()
    {
        using var scope = NewDisposeScope();
        var files = new ModelFolder(Goldens.Sample("demo-model"));
        var tokenizer = ClipTokenizer.Load(files.TokenizerFolder("tokenizer"));
        var weights = files.Weights("text_encoder");
        var table = weights.Read(
            weights.Tensors.Keys.Single(key => key.EndsWith("token_embedding.weight", StringComparison.Ordinal))
        );
        var row = table[tokenizer.Encode("cat").Single()].to(ScalarType.Float32).data<float>().ToArray();
        return folder.WriteEmbedding("my-cat.safetensors", "<my-cat>", row);
    }
}
