using System.Text.Json;
using TextualInversion.Embeddings;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.EmbeddingFiles;

/// <summary><c>ti convert DIR --to DIR</c>.</summary>
public sealed class ConvertFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Convert_SubFolderThatMayNotBeRead_IsNamed()
    {
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess)
            return;
        Fill();
        File.SetUnixFileMode(folder.File("given/styles"), UnixFileMode.None);

        var (exitCode, _, error) = await RunAsync();

        File.SetUnixFileMode(
            folder.File("given/styles"),
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        );
        Assert.Equal(0, exitCode);
        Assert.Contains("styles: this folder cannot be read", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Convert_FolderToAFile_IsRefusedBeforeAnythingIsRead()
    {
        Fill();
        var target = folder.Write("note.txt", "mine");
        var (exitCode, _, error) = await TiRunner.RunAsync("convert", folder.File("given"), "--to", target);
        Assert.Equal(2, exitCode);
        Assert.Contains("note.txt: is a file; name a folder to write to", error, StringComparison.Ordinal);
        Assert.DoesNotContain("broken.pt", error, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(target));
    }

    [Fact]
    public async Task Convert_Folder_CopiesEmbeddingsAsSafetensorsWithWhatBelongsToThem()
    {
        Fill();

        var (exitCode, output, error) = await RunAsync("--json");

        Assert.True(exitCode == 0, error);
        var entries = JsonDocument.Parse(output).RootElement.GetProperty("files").EnumerateArray().ToList();
        Assert.Equal(
            [
                ("a.safetensors", "converted", "diffusers", "a.safetensors"),
                ("pack.safetensors", "converted", "diffusers", "one.safetensors"),
                ("pack.safetensors", "converted", "diffusers", "two.safetensors"),
                ("a.pt", "converted", "webui", "a-pt.safetensors"),
                ("broken.pt", "refused", null, null),
                ("styles/b c.pt", "converted", "webui", "styles/b c.safetensors"),
            ],
            entries.Select(entry =>
                (
                    entry.GetProperty("path").GetString(),
                    entry.GetProperty("status").GetString(),
                    entry.GetProperty("layout").GetString(),
                    entry.GetProperty("output").GetString()
                )
            )
        );
        Assert.Contains("broken.pt", error, StringComparison.Ordinal);
        Assert.Equal(
            [
                "a-pt.safetensors",
                "a.preview.png",
                "a.safetensors",
                "one.safetensors",
                "styles/b c.cm-info.json",
                "styles/b c.safetensors",
                "two.safetensors",
            ],
            Directory
                .EnumerateFiles(folder.File("clean"), "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(folder.File("clean"), file))
                .Where(file => !file.StartsWith("a-pt.preview", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        );
        using var scope = NewDisposeScope();
        Assert.Equal([3f, 4], EmbeddingSamples.Values(EmbeddingFile.Read(folder.File("clean/a-pt.safetensors"))));
        Assert.Equal([5f, 6], EmbeddingSamples.Values(EmbeddingFile.Read(folder.File("clean/styles/b c.safetensors"))));
    }

    /// <summary>Many downloads are called as their only tensor is.</summary>
    [Fact]
    public async Task Convert_FileCalledAsAnEncoder_KeepsItsName()
    {
        using var rows = Rows("<a>", 1, 2);
        Directory.CreateDirectory(folder.File("given"));
        EmbeddingFile.Write(folder.File("given/clip_l.pt"), EmbeddingFormat.WebUiSafetensors, rows, overwrite: false);

        var (exitCode, _, error) = await RunAsync();

        Assert.True(exitCode == 0, error);
        using var read = EmbeddingFile.Open(folder.File("clean/clip_l.safetensors"));
        Assert.Equal(("clip_l", "emb_params"), (read.Embedding.Trigger, read.Key));
    }

    [Fact]
    public async Task Convert_Again_KeepsWhatIsThere()
    {
        Fill();
        await RunAsync();
        File.Delete(folder.File("clean/one.safetensors"));
        await File.WriteAllTextAsync(folder.File("clean/two.safetensors"), "mine");

        var (exitCode, output, error) = await RunAsync();

        Assert.True(exitCode == 0, error);
        Assert.Single(output.Split('\n'), line => line.Contains("converted", StringComparison.Ordinal));
        Assert.True(File.Exists(folder.File("clean/one.safetensors")));
        Assert.Equal("mine", await File.ReadAllTextAsync(folder.File("clean/two.safetensors")));
    }

    [Fact]
    public async Task Convert_FolderForAProgram_HasItsLayout()
    {
        Fill();
        var (exitCode, _, error) = await RunAsync("--for", "invokeai");
        Assert.True(exitCode == 0, error);
        using var read = EmbeddingFile.Open(folder.File("clean/a.safetensors"));
        Assert.Equal("emb_params", read.Key);
    }

    [Theory]
    [InlineData("given", "given/clean", "is inside")]
    [InlineData("given/styles", "given", "is inside")]
    [InlineData("empty", "clean", "has no embedding that can be read")]
    public async Task Convert_FolderThatCannotBe_IsRefused(string source, string target, string expected)
    {
        Fill();
        Directory.CreateDirectory(folder.File("empty"));
        var (exitCode, _, error) = await TiRunner.RunAsync("convert", folder.File(source), "--to", folder.File(target));
        Assert.Equal(1, exitCode);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    /// <summary>As in the cache of the Hugging Face hub, with links that lead back.</summary>
    [Fact]
    public async Task Convert_FolderOfLinks_FollowsThemOnce()
    {
        folder.WriteEmbedding("hub/blobs/abc", "<a>", [1, 2]);
        Directory.CreateDirectory(folder.File("hub/snapshots/hash"));
        File.CreateSymbolicLink(folder.File("hub/snapshots/hash/a.safetensors"), "../../blobs/abc");
        Directory.CreateSymbolicLink(folder.File("hub/snapshots/hash/again"), ".");
        Directory.CreateSymbolicLink(folder.File("given"), folder.File("hub/snapshots/hash"));

        var (exitCode, output, error) = await RunAsync("--json");

        Assert.True(exitCode == 0, error);
        using var json = JsonDocument.Parse(output);
        var entry = Assert.Single(json.RootElement.GetProperty("files").EnumerateArray());
        Assert.Equal("a.safetensors", entry.GetProperty("path").GetString());
        using var read = EmbeddingFile.Read(folder.File("clean/a.safetensors"));
        Assert.Equal([1f, 2], EmbeddingSamples.Values(read));
    }

    [Fact]
    public async Task Convert_ImageWithAnEmbeddingBesideAnother_IsConvertedToo()
    {
        using var card = Rows("card", 7, 8);
        folder.WriteEmbedding("given/a.safetensors", "<a>", [1, 2]);
        EmbeddingFile.Write(folder.File("given/a.png"), EmbeddingFormat.Png, card, overwrite: false);
        folder.WriteEmbedding("given/b.safetensors", "<b>", [1, 2]);
        folder.Write("given/b.png", PngFile.Gray(2, 2, (_, _) => 0));

        var (exitCode, _, error) = await RunAsync();

        Assert.True(exitCode == 0, error);
        using var read = EmbeddingFile.Read(folder.File("clean/a-png.safetensors"));
        Assert.Equal([7f, 8], EmbeddingSamples.Values(read));
        Assert.Equal(
            ["a-png.safetensors", "a.safetensors", "b.png", "b.safetensors"],
            Directory.EnumerateFiles(folder.File("clean")).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData("webui", "not a layout. Name a folder, and with --for the program, as in --to clean --for a1111")]
    [InlineData("ComfyUI", "not a program. Name a folder, and with --for the program, as in --to clean --for comfyui")]
    public async Task Convert_FolderToALayout_IsRefusedWithAHint(string target, string expected)
    {
        Fill();
        var (exitCode, _, error) = await TiRunner.RunAsync("convert", folder.File("given"), "--to", target);
        Assert.Equal(2, exitCode);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(target));
    }

    [Theory]
    [InlineData("--name", "x")]
    [InlineData("--output", "x")]
    [InlineData("--dtype", "float16")]
    public async Task Convert_OptionForOneEmbedding_IsRefused(string option, string value)
    {
        Fill();
        var (exitCode, _, error) = await RunAsync(option, value);
        Assert.Equal(2, exitCode);
        Assert.Contains($"{option}: is for one embedding", error, StringComparison.Ordinal);
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] more) =>
        TiRunner.RunAsync(["convert", folder.File("given"), "--to", folder.File("clean"), .. more]);

    private void Fill()
    {
        using var scope = NewDisposeScope();
        Directory.CreateDirectory(folder.File("given/styles"));
        folder.WriteEmbedding("given/a.safetensors", "<a>", [1, 2]);
        EmbeddingFile.Write(folder.File("given/a.pt"), EmbeddingFormat.WebUi, Rows("<a2>", 3, 4), overwrite: false);
        EmbeddingFile.Write(
            folder.File("given/styles/b c.pt"),
            EmbeddingFormat.WebUi,
            Rows("<b>", 5, 6),
            overwrite: false
        );
        SafetensorsFile.Write(
            folder.File("given/pack.safetensors"),
            new Dictionary<string, Tensor> { ["<one>"] = ones([1, 2]), ["<two>"] = ones([2, 2]) },
            new Dictionary<string, string>(),
            overwrite: false
        );
        folder.Write("given/broken.pt", [0x80, 2]);
        folder.Write("given/a.preview.png", PngFile.Gray(2, 2, (_, _) => 0));
        folder.Write("given/styles/b c.cm-info.json", "{}");
        folder.Write("given/notes.txt", "not an embedding");
    }

    private static LearnedEmbedding Rows(string trigger, params float[] values) =>
        new(trigger, [tensor(values, [1, values.Length])], new Dictionary<string, string>());
}
