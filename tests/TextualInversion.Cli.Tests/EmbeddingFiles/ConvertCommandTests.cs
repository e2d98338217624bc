using System.Text.Json;
using TextualInversion.Embeddings;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.EmbeddingFiles;

/// <summary><c>ti convert</c>.</summary>
public sealed class ConvertCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("diffusers", "copy.safetensors")]
    [InlineData("webui", "copy.pt")]
    [InlineData("webui-safetensors", "copy.safetensors")]
    [InlineData("paper", "copy.pt")]
    [InlineData("png", "copy.png")]
    public async Task Convert_EveryLayout_HoldsTheSameRows(string layout, string name)
    {
        using var scope = NewDisposeScope();
        var source = folder.WriteEmbedding("my-cat.safetensors", "<my-cat>", [1, 2], [3, 4]);

        var (exitCode, output, _) = await TiRunner.RunAsync(
            "convert",
            source,
            "--to",
            layout,
            "--output",
            folder.File(name),
            "--json"
        );

        Assert.Equal(0, exitCode);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(
            (layout, "<my-cat>", 2, "float32"),
            (
                Text(json, "layout"),
                Text(json, "trigger"),
                json.RootElement.GetProperty("vectors").GetInt32(),
                Text(json, "dtype")
            )
        );
        using var read = EmbeddingFile.Open(folder.File(name));
        Assert.Equal((layout, "<my-cat>"), (EmbeddingFormats.Name(read.Layout), read.Embedding.Trigger));
        Assert.Equal([1f, 2, 3, 4], EmbeddingSamples.Values(read.Embedding));
    }

    [Theory]
    [InlineData("webui", true)]
    [InlineData("png", true)]
    [InlineData("webui-safetensors", false)]
    public async Task Convert_EmbeddingForNegativePrompts_SaysWhereTheMarkIsLost(string layout, bool isLost)
    {
        using var embedding = new LearnedEmbedding(
            "<bad>",
            [ones([1, 2])],
            new Dictionary<string, string> { [ModelSpec.NegativeKey] = "true" }
        );
        EmbeddingFile.Write(folder.File("bad.safetensors"), embedding, overwrite: false);

        var (exitCode, output, error) = await TiRunner.RunAsync(
            "convert",
            folder.File("bad.safetensors"),
            "--to",
            layout,
            "--name",
            "copy"
        );

        Assert.Equal(0, exitCode);
        Assert.Equal(isLost, error.Contains("that it is for negative prompts;", StringComparison.Ordinal));
        using var read = EmbeddingFile.Read(Path.GetFullPath(output.Trim()));
        Assert.Equal(!isLost, ModelSpec.IsNegative(read.Provenance));
    }

    [Theory]
    [InlineData("diffusers", "x.txt", "ends in .safetensors, .pt, .bin or .ckpt;")]
    [InlineData("webui", "x.safetensors", "ends in .pt, .bin or .ckpt;")]
    [InlineData("png", "x", "ends in .png;")]
    public async Task Convert_ExtensionThatNoProgramReads_IsRefusedWithThoseThatFit(
        string layout,
        string name,
        string expected
    )
    {
        var source = folder.WriteEmbedding("my-cat.safetensors", "<my-cat>", [1, 2]);
        string[] command = ["convert", source, "--to", layout, "--output", folder.File(name)];
        var (exitCode, _, error) = await TiRunner.RunAsync(command);
        Assert.Equal(2, exitCode);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File(name)));
    }

    [Fact]
    public async Task Convert_WhatTheLayoutCannotHold_IsSaid()
    {
        var source = folder.WriteEmbedding("my-cat.safetensors", "<my-cat>", [1, 2]);
        var (exitCode, output, error) = await TiRunner.RunAsync("convert", source, "--to", "webui");
        Assert.Equal(0, exitCode);
        Assert.EndsWith($"my-cat.pt{Environment.NewLine}", output);
        Assert.Contains("cannot store seed;", error);
        using var read = EmbeddingFile.Read(folder.File("my-cat.pt"));
        Assert.Equal(["steps"], read.Provenance.Keys);
    }

    [Fact]
    public async Task Convert_DtypeAndTrigger_AreWritten()
    {
        var source = folder.WriteEmbedding("my-cat.safetensors", "<my-cat>", [1.0001f, 2]);
        Assert.Equal(
            0,
            (
                await TiRunner.RunAsync(
                    "convert",
                    source,
                    "--to",
                    "diffusers",
                    "--dtype",
                    "float16",
                    "--trigger",
                    "our-cat",
                    "--output",
                    folder.File("half.safetensors")
                )
            ).ExitCode
        );
        using var read = EmbeddingFile.Open(folder.File("half.safetensors"));
        Assert.Equal((ScalarType.Float16, "<our-cat>"), (read.Type, read.Embedding.Trigger));
        Assert.Equal([1f, 2], EmbeddingSamples.Values(read.Embedding));
    }

    [Fact]
    public async Task Convert_Name_IsTheFilesAndTheRecords()
    {
        var source = folder.WriteEmbedding("my-cat.safetensors", "<my-cat>", [1, 2]);
        var (exitCode, output, error) = await TiRunner.RunAsync(
            "convert",
            source,
            "--to",
            "webui",
            "--name",
            "MyCat",
            "--json"
        );
        Assert.Equal(0, exitCode);
        Assert.Contains("the trigger <my-cat>", error); // one field of the record stores both
        Assert.Contains("\"name\": \"MyCat\"", output);
        using var record = EmbeddingFile.Read(folder.File("MyCat.pt"));
        Assert.Equal("MyCat", record.Trigger);

        Assert.Equal(0, (await TiRunner.RunAsync("convert", source, "--to", "diffusers", "--name", "OurCat")).ExitCode);
        using var named = EmbeddingFile.Read(folder.File("OurCat.safetensors"));
        Assert.Equal(("OurCat", "<my-cat>"), (named.Name, named.Trigger));
        Assert.Contains("OurCat", (await TiRunner.RunAsync("inspect", folder.File("OurCat.safetensors"))).Output);
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("CON")]
    [InlineData("..")]
    [InlineData("a\nb")]
    public async Task Convert_NameThatIsNoFileName_IsRefused(string name)
    {
        var (exitCode, _, error) = await TiRunner.RunAsync(
            "convert",
            folder.WriteEmbedding("my-cat.safetensors", "<my-cat>", [1, 2]),
            "--to",
            "webui",
            "--name",
            name
        );
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("cannot be a file's name on every system", error);
    }

    [Fact]
    public async Task Convert_Pack_WritesEachToAFileOfItsOwn()
    {
        using Tensor a = ones([1, 2]),
            b = ones([2, 2]);
        SafetensorsFile.Write(
            folder.File("pack.safetensors"),
            new Dictionary<string, Tensor> { ["<a>"] = a, ["<b>"] = b },
            new Dictionary<string, string>(),
            overwrite: false
        );
        var (exitCode, output, error) = await TiRunner.RunAsync(
            "convert",
            folder.File("pack.safetensors"),
            "--to",
            "webui"
        );
        Assert.True(exitCode == 0, error);
        Assert.Equal(2, output.Trim().Split('\n').Length);
        using var read = EmbeddingFile.Read(folder.File("b.pt"));
        Assert.Equal(2, read.Vectors);
        Assert.Contains(
            "one of 2 embeddings",
            (await TiRunner.RunAsync("inspect", folder.File("pack.safetensors"))).Output
        );
    }

    [Fact]
    public async Task Convert_OutputEmbeddings_AreLeftOutAndNamed()
    {
        using Tensor a = ones([1, 2]),
            b = ones([1, 2]);
        SafetensorsFile.Write(
            folder.File("trained.safetensors"),
            new Dictionary<string, Tensor> { ["emp_params"] = a, ["emp_params_out"] = b },
            new Dictionary<string, string>(),
            overwrite: false
        );
        var (exitCode, _, error) = await TiRunner.RunAsync(
            "convert",
            folder.File("trained.safetensors"),
            "--to",
            "webui"
        );
        Assert.True(exitCode == 0, error);
        Assert.Contains("cannot store the vectors emp_params_out", error);
        using var read = EmbeddingFile.Read(folder.File("trained.pt"));
        Assert.Equal(1, read.Vectors);
    }

    [Fact]
    public async Task Convert_ExistingFile_IsKept()
    {
        var source = folder.WriteEmbedding("my-cat.safetensors", "<my-cat>", [1, 2]);
        var before = await File.ReadAllBytesAsync(source);
        var (exitCode, _, error) = await TiRunner.RunAsync("convert", source, "--to", "webui-safetensors");
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("--overwrite", error);
        Assert.Equal(before, await File.ReadAllBytesAsync(source));
    }

    [Theory]
    [InlineData("--to", "webiu")]
    [InlineData("--to", "webui", "--dtpe", "float16")]
    [InlineData("--to", "webui", "--dtype", "int8")]
    public async Task Convert_WrongUsage_IsRefused(params string[] options) =>
        Assert.Equal(2, (await TiRunner.RunAsync(["convert", "x.safetensors", .. options])).ExitCode);

    [Theory]
    [InlineData("webui", "a.safetensors")]
    [InlineData("paper", "a.png")]
    [InlineData("png", "a.safetensors")]
    [InlineData("diffusers", "a.png")]
    public async Task Convert_ExtensionOfAnotherKindOfFile_IsRefused(string layout, string name)
    {
        var source = folder.WriteEmbedding("my-cat.safetensors", "<my-cat>", [1, 2]);
        var (exitCode, _, error) = await TiRunner.RunAsync(
            "convert",
            source,
            "--to",
            layout,
            "--output",
            folder.File(name)
        );
        TiRunner.AssertRefused(exitCode, error);
        Assert.False(File.Exists(folder.File(name)));
    }

    private static string? Text(JsonDocument json, string name) => json.RootElement.GetProperty(name).GetString();
}
