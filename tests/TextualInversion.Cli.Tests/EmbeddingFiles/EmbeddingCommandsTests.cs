using System.Diagnostics;
using System.Text.Json;
using TextualInversion.Checkpoints;
using TextualInversion.Embeddings;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.EmbeddingFiles;

/// <summary><c>ti inspect</c>, <c>ti convert</c>, <c>ti merge</c>.</summary>
public sealed class EmbeddingCommandsTests : IDisposable
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
        var source = Write("my-cat.safetensors", "<my-cat>", [1, 2], [3, 4]);

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
        Assert.Equal([1f, 2, 3, 4], Values(read.Embedding));
    }

    [Fact]
    public async Task Convert_WhatTheLayoutCannotHold_IsSaid()
    {
        var source = Write("my-cat.safetensors", "<my-cat>", [1, 2]);
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
        var source = Write("my-cat.safetensors", "<my-cat>", [1.0001f, 2]);
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
        Assert.Equal([1f, 2], Values(read.Embedding));
    }

    [Fact]
    public async Task Convert_Name_IsTheFilesAndTheRecords()
    {
        var source = Write("my-cat.safetensors", "<my-cat>", [1, 2]);
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
        Assert.Contains("the trigger <my-cat>", error); // the record has one field for both
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
            Write("my-cat.safetensors", "<my-cat>", [1, 2]),
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
        var source = Write("my-cat.safetensors", "<my-cat>", [1, 2]);
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

    [Fact]
    public async Task Merge_Concatenate_HasAllRowsInOrder()
    {
        string a = Write("a.safetensors", "<a>", [1, 2]),
            b = Write("b.safetensors", "<b>", [3, 4], [5, 6]);
        var (exitCode, output, _) = await TiRunner.RunAsync(
            "merge",
            a,
            b,
            "--output",
            folder.File("ab.safetensors"),
            "--json"
        );
        Assert.Equal(0, exitCode);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(3, json.RootElement.GetProperty("embeddings")[0].GetProperty("vectors").GetInt32());
        using var merged = EmbeddingFile.Read(folder.File("ab.safetensors"));
        Assert.Equal("<ab>", merged.Trigger);
        Assert.Equal([1f, 2, 3, 4, 5, 6], Values(merged));
    }

    [Fact]
    public async Task Merge_SlerpInSteps_GoesFromOneToTheOther()
    {
        string a = Write("a.safetensors", "<a>", [1, 0]),
            b = Write("b.safetensors", "<b>", [0, 3]);
        var (exitCode, output, _) = await TiRunner.RunAsync(
            "merge",
            a,
            b,
            "--method",
            "slerp",
            "--steps",
            "3",
            "--output",
            folder.File("m.safetensors")
        );
        Assert.Equal(0, exitCode);
        Assert.Equal(3, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        using LearnedEmbedding first = EmbeddingFile.Read(folder.File("m-1.safetensors")),
            middle = EmbeddingFile.Read(folder.File("m-2.safetensors")),
            last = EmbeddingFile.Read(folder.File("m-3.safetensors"));
        Assert.Equal([1f, 0], Values(first));
        Assert.All(Values(middle), value => Assert.Equal(Math.Sqrt(2), value, 5));
        Assert.Equal(3, Values(last)[1], 5);
        Assert.Equal("<m-2>", middle.Trigger);
    }

    [Fact]
    public async Task Merge_Split_WritesAFileForEachRow()
    {
        var a = Write("a.safetensors", "<a>", [1, 2], [3, 4]);
        Assert.Equal(
            0,
            (
                await TiRunner.RunAsync(
                    "merge",
                    a,
                    "--method",
                    "split",
                    "--trigger",
                    "our-cat",
                    "--output",
                    folder.File("s.safetensors")
                )
            ).ExitCode
        );
        using var second = EmbeddingFile.Read(folder.File("s-2.safetensors"));
        Assert.Equal("<our-cat-2>", second.Trigger);
        Assert.Equal([3f, 4], Values(second));
    }

    [Theory]
    [InlineData("takes two embeddings or more, and 1 is named", "a.safetensors")]
    [InlineData("for different models", "a.safetensors", "wide.safetensors")]
    [InlineData(
        "only embeddings of equally many can be mixed",
        "a.safetensors",
        "two.safetensors",
        "--method",
        "average"
    )]
    [InlineData("belongs to --method average", "a.safetensors", "a.safetensors", "--weights", "1,2")]
    [InlineData(
        "There are 3 weights for 2",
        "a.safetensors",
        "a.safetensors",
        "--method",
        "average",
        "--weights",
        "1,2,3"
    )]
    [InlineData("add up to nothing", "a.safetensors", "a.safetensors", "--method", "average", "--weights", "1,-1")]
    [InlineData("--at 1.5", "a.safetensors", "a.safetensors", "--method", "slerp", "--at", "1.5")]
    public async Task Merge_WhatDoesNotFit_SaysWhy(string message, params string[] arguments)
    {
        Write("a.safetensors", "<a>", [1, 2]);
        Write("two.safetensors", "<two>", [1, 2], [3, 4]);
        Write("wide.safetensors", "<wide>", [1, 2, 3]);
        var (exitCode, _, error) = await TiRunner.RunAsync([
            "merge",
            .. arguments.Select(argument =>
                argument.EndsWith(".safetensors", StringComparison.Ordinal) ? folder.File(argument) : argument
            ),
            "--output",
            folder.File("out.safetensors"),
        ]);
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains(message, error);
        Assert.False(File.Exists(folder.File("out.safetensors")));
    }

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
            ["diffusers", "ComfyUI", "WebUI", "stable-diffusion.cpp"],
            file.GetProperty("programs").EnumerateArray().Select(program => program.GetProperty("program").GetString())
        );
        Assert.All(
            file.GetProperty("programs").EnumerateArray(),
            program => Assert.True(program.GetProperty("loads").GetBoolean())
        );
    }

    [Fact]
    public async Task Inspect_Folder_ReportsAllAndWarnsOfTheRest()
    {
        Write("a.safetensors", "<a>", [1, 2]);
        Write("b.safetensors", "<b>", [1, 2]);
        folder.Write("broken.pt", [0x80, 2]);
        var (exitCode, output, error) = await TiRunner.RunAsync("inspect", folder.Path);
        Assert.Equal(0, exitCode);
        Assert.Contains("<a>", output);
        Assert.Contains("<b>", output);
        Assert.Contains("embedding:a", output);
        Assert.StartsWith($"warning: {folder.File("broken.pt")}", error);
    }

    [Fact]
    public async Task Inspect_FolderWithoutEmbeddings_IsRefused()
    {
        folder.Write("notes.txt", "no embedding");
        var (exitCode, _, error) = await TiRunner.RunAsync("inspect", folder.Path);
        TiRunner.AssertRefused(exitCode, error);
        Assert.StartsWith($"error: {folder.Path}: has no embedding", error);
    }

    /// <summary>Nobody writes into the pipe, so opening it would wait for ever.</summary>
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

    [Theory]
    [InlineData("webui", "a.safetensors")]
    [InlineData("paper", "a.png")]
    [InlineData("png", "a.safetensors")]
    [InlineData("diffusers", "a.png")]
    public async Task Convert_ExtensionOfAnotherKindOfFile_IsRefused(string layout, string name)
    {
        var source = Write("my-cat.safetensors", "<my-cat>", [1, 2]);
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

    [Fact]
    public async Task Merge_MoreVectorsThanAPromptHolds_IsWarnedAbout()
    {
        var many = Write("a.safetensors", "<a>", [.. Enumerable.Repeat(new float[] { 1, 2 }, 40)]);
        var (exitCode, _, error) = await TiRunner.RunAsync(
            "merge",
            many,
            many,
            "--output",
            folder.File("b.safetensors")
        );
        Assert.Equal(0, exitCode);
        Assert.StartsWith("warning: <b> has 80 vectors", error);
    }

    [Fact]
    public async Task Merge_SlerpFromARowOfZeros_GoesStraight()
    {
        var (zero, other) = (Write("a.safetensors", "<a>", [0, 0]), Write("b.safetensors", "<b>", [2, 4]));
        var output = folder.File("c.safetensors");
        Assert.Equal(
            0,
            (await TiRunner.RunAsync("merge", zero, other, "--method", "slerp", "--output", output)).ExitCode
        );
        using var read = EmbeddingFile.Read(output);
        Assert.Equal([1f, 2], Values(read));
    }

    [Fact]
    public async Task Inspect_OtherWidthThanTheModels_SaysSo()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync(
            "inspect",
            Write("a.safetensors", "<a>", [1, 2]),
            "--model",
            "demo"
        );
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("2 wide and the model's 128", error);
    }

    /// <summary>An embedding whose row is that of the demo model's word cat.</summary>
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
        return Write("my-cat.safetensors", "<my-cat>", row);
    }

    private string Write(string name, string trigger, params float[][] rows)
    {
        using var embedding = new LearnedEmbedding(
            trigger,
            [tensor(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length])],
            new Dictionary<string, string> { ["steps"] = "7", ["seed"] = "1" }
        );
        DiffusersFormat.Write(folder.File(name), embedding, overwrite: false);
        return folder.File(name);
    }

    private static float[] Values(LearnedEmbedding embedding) => embedding.Rows[0].data<float>().ToArray();

    private static string? Text(JsonDocument json, string name) => json.RootElement.GetProperty(name).GetString();
}
