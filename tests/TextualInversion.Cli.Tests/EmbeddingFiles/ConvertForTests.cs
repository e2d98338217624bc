using System.Text.Json;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Embeddings;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.EmbeddingFiles;

/// <summary><c>ti convert --for PROGRAM</c>.</summary>
public sealed class ConvertForTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Programs => [.. TargetProgram.Names];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task For_EachProgram_WritesWhatItsReaderLoads(string program)
    {
        var source = folder.WriteEmbedding("My Cat ü.safetensors", "<My-Cat>", [1, 2], [3, 4]);

        var (exitCode, output, error) = await TiRunner.RunAsync("convert", source, "--for", program, "--json");

        Assert.True(exitCode == 0, error);
        var path = JsonDocument.Parse(output).RootElement.GetProperty("path").GetString()!;
        Assert.Equal(folder.File(program), Path.GetDirectoryName(path));
        using var written = EmbeddingFile.Open(path);
        Assert.Equal([1f, 2, 3, 4], EmbeddingSamples.Values(written.Embedding));
        var target = TargetProgram.Find(program);
        var use = ToolCompatibility.Of(written).Single(each => each.Program == target.Title);
        Assert.True(use.Loads, use.How);
        Assert.Contains(use.How, error, StringComparison.Ordinal);
        Assert.DoesNotContain("does not load it", error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task For_Sdxl_IsTheLayoutOfTwoEncoders(string program)
    {
        using var rows = new LearnedEmbedding(
            "<my-cat>",
            [ones(2, 768), ones(2, 1280)],
            new Dictionary<string, string>()
        );
        EmbeddingFile.Write(folder.File("my-cat.pt"), EmbeddingFormat.Sdxl, rows, overwrite: false);

        var (exitCode, _, error) = await TiRunner.RunAsync("convert", folder.File("my-cat.pt"), "--for", program);

        Assert.True(exitCode == 0, error);
        using var written = EmbeddingFile.Open(folder.File($"{program}/my-cat.safetensors"));
        Assert.Equal(EmbeddingFormat.Sdxl, written.Layout);
    }

    [Theory]
    [InlineData("comfyui", "My Cat ü", "My-Cat-ü")]
    [InlineData("comfyui", "my-cat (2)", "my-cat-2")]
    [InlineData("swarmui", "<my-cat>", "my-cat")]
    [InlineData("a1111", "My Cat ü", "My-Cat-ü")]
    [InlineData("a1111", "my-cat(2)", "my-cat(2)")]
    [InlineData("invokeai", "My Cat ü", "My Cat")]
    [InlineData("invokeai", "猫", "embedding")]
    [InlineData("sdcpp", "My Cat ü", "my-cat-ü")]
    public void FileStem_EachProgram_CanBeCalled(string program, string stem, string expected) =>
        Assert.Equal(expected, TargetProgram.Find(program).FileStem(stem));

    [Fact]
    public async Task For_StableDiffusionCppInFloat16_IsWarnedAbout()
    {
        var source = folder.WriteEmbedding("my-cat.safetensors", "<my-cat>", [1, 2]);
        var (_, _, error) = await TiRunner.RunAsync("convert", source, "--for", "sdcpp", "--dtype", "float16");
        Assert.Contains(
            "warning: stable-diffusion.cpp does not load it: needs float32",
            error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Convert_FolderThatIsNotThere_IsNamedBesideTheLayout()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync("convert", folder.File("nothing"), "--to", "clean");
        Assert.Equal(2, exitCode);
        Assert.Contains("nothing: there is no such file or folder", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("--to", "webui", "--for", "comfyui")]
    [InlineData("--for", "photoshop")]
    public async Task Convert_NeitherOrBoth_IsRefused(params string[] options)
    {
        var source = folder.WriteEmbedding("my-cat.safetensors", "<my-cat>", [1, 2]);
        Assert.Equal(2, (await TiRunner.RunAsync(["convert", source, .. options])).ExitCode);
    }
}
