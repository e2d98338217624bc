using System.Text.Json;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Eval;

[Trait("Category", "EndToEnd")]
public sealed class EvalCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string[] Short =>
        [
            "--model",
            "demo",
            "--count",
            "2",
            "--steps",
            "1",
            "--prompts",
            folder.Write("prompts.txt", "a sketch of {}\n"),
        ];

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Eval_ZeroVectors_GetWarningsAndAreNotChosen()
    {
        var file = Embedding("zero", zeros(2, 128));
        var (exitCode, first, error) = await EvalAsync(
            "a",
            "--embedding",
            file,
            "--json",
            "--report",
            folder.File("page.html")
        );
        var (_, again, _) = await EvalAsync("b", "--embedding", file, "--json");

        Assert.True(exitCode == 0, error);
        using var json = JsonDocument.Parse(first);
        using var repeated = JsonDocument.Parse(again);
        var row = json.RootElement.GetProperty("rows")[0];
        Assert.Equal(Numbers(json), Numbers(repeated));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("chosen").ValueKind);
        Assert.Contains(
            row.GetProperty("warnings").EnumerateArray(),
            warning => warning.GetProperty("kind").GetString() == "placeholderChangesNothing"
        );
        Assert.Equal(4, row.GetProperty("images").GetArrayLength());
        Assert.True(File.Exists(row.GetProperty("images")[0].GetProperty("path").GetString()));
        var page = await File.ReadAllTextAsync(folder.File("page.html"));
        Assert.Contains("<svg", page);
        Assert.DoesNotContain("http", page);
        Assert.DoesNotContain("src=\"/", page);
    }

    [Fact]
    public async Task Eval_Run_ComparesCheckpointsAndTheFinalFile()
    {
        await TiRunner.TrainAsync(
            folder.Path,
            Goldens.Sample("my-cat"),
            "my-cat",
            "--initializer",
            "cat",
            "--model",
            "demo",
            "--steps",
            "1"
        );
        Directory.CreateDirectory(folder.File("runs/my-cat/checkpoints"));
        File.Copy(
            folder.File("embeddings/my-cat.safetensors"),
            folder.File("runs/my-cat/checkpoints/step-000500.safetensors")
        );

        var (exitCode, output, error) = await TiRunner.RunAsync([
            "eval",
            "--run",
            folder.File("runs/my-cat"),
            .. Short,
        ]);

        Assert.True(exitCode == 0, error);
        Assert.Contains("step-000500.safetensors", output);
        Assert.Contains("embeddings/my-cat.safetensors", output);
        Assert.Contains("\nkeep ", output);
        Assert.True(Directory.Exists(folder.File("runs/my-cat/eval")));
    }

    [Fact]
    public Task Eval_NoEmbedding_NamesTheOptions() => RefusesAsync("--embedding", Short);

    [Fact]
    public Task Eval_NoImages_NamesTheOption() =>
        RefusesAsync("--images", [.. Short, "--embedding", Embedding("a", zeros(1, 128))]);

    [Fact]
    public Task Eval_NoRecordedInitializer_NamesTheOption() =>
        RefusesAsync(
            "--initializer",
            [.. Short, "--images", Goldens.Sample("my-cat"), "--embedding", Embedding("a", zeros(1, 128), word: null)]
        );

    [Fact]
    public Task Eval_OtherFileAmongTheImages_IsWarnedOf()
    {
        var video = folder.Write("cat/cat.mp4", "no image");
        File.Copy(Goldens.Sample("my-cat", "1.png"), folder.File("cat/1.png"));
        return RefusesAsync(
            $"warning: {video}: ",
            [.. Short, "--images", folder.File("cat"), "--embedding", Embedding("a", zeros(1, 128), word: null)]
        );
    }

    [Fact]
    public Task Eval_TwoRecordedInitializers_AsksForOne() =>
        RefusesAsync(
            "cat, dog",
            [
                .. Short,
                "--images",
                Goldens.Sample("my-cat"),
                "--embedding",
                Embedding("a", zeros(1, 128)),
                Embedding("b", zeros(1, 128), word: "dog"),
            ]
        );

    [Fact]
    public Task Eval_UnknownInitializer_IsRefused() =>
        RefusesAsync(
            "is not a word",
            [
                .. Short,
                "--images",
                Goldens.Sample("my-cat"),
                "--embedding",
                Embedding("a", zeros(1, 128)),
                "--initializer",
                "qxzv",
            ]
        );

    [Fact]
    public Task Eval_OtherWidth_IsRefused() =>
        RefusesAsync(
            "64 wide",
            [.. Short, "--images", Goldens.Sample("my-cat"), "--embedding", Embedding("a", zeros(1, 64))]
        );

    [Fact]
    public Task Eval_MissingClipModel_IsRefused() =>
        RefusesAsync(
            "--clip-model /nowhere/at/all",
            [
                .. Short,
                "--images",
                Goldens.Sample("my-cat"),
                "--embedding",
                Embedding("a", zeros(1, 128)),
                "--clip-model",
                "/nowhere/at/all",
            ]
        );

    [Fact]
    public Task Eval_FolderWithoutRun_IsRefused() => RefusesAsync("has no run.json", [.. Short, "--run", folder.Path]);

    [Theory]
    [InlineData("{}")]
    [InlineData("no JSON")]
    public Task Eval_DamagedRunRecord_IsRefused(string record)
    {
        folder.Write("run.json", record);
        return RefusesAsync("run.json", [.. Short, "--run", folder.Path]);
    }

    [Fact]
    public Task Eval_ReportExists_IsNotReplaced() =>
        RefusesAsync("exists", [.. Short, "--report", folder.Write("page.html", "mine")]);

    [Fact]
    public async Task Eval_MistypedOption_IsAnsweredWithTheRightOne()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync("eval", "--images", "a", "--cuont", "3");

        Assert.Equal(2, exitCode);
        Assert.Contains("--count", error);
    }

    private static string Numbers(JsonDocument json)
    {
        var row = json.RootElement.GetProperty("rows")[0];
        string[] names = ["imageSimilarity", "imageSimilarityError", "textSimilarity", "textSimilarityError"];
        return string.Join(' ', names.Select(name => row.GetProperty(name).GetRawText()))
            + json.RootElement.GetProperty("ceiling").GetRawText();
    }

    private static async Task RefusesAsync(string expected, string[] arguments)
    {
        var (exitCode, output, error) = await TiRunner.RunAsync(["eval", .. arguments]);

        TiRunner.AssertRefused(exitCode, error);
        Assert.Empty(output);
        Assert.Contains(expected, error);
    }

    private Task<(int ExitCode, string Output, string Error)> EvalAsync(string cache, params string[] more) =>
        TiRunner.RunAsync([
            "eval",
            .. Short,
            "--images",
            Goldens.Sample("my-cat"),
            "--cache",
            folder.File(cache),
            .. more,
        ]);

    private string Embedding(string name, Tensor rows, string? word = "cat")
    {
        var path = folder.File(name + ".safetensors");
        var metadata = word is null
            ? new Dictionary<string, string>()
            : new Dictionary<string, string> { ["initializer"] = word };
        using (rows)
            SafetensorsFile.Write(
                path,
                new Dictionary<string, Tensor> { ["<my-cat>"] = rows },
                metadata,
                overwrite: true
            );
        return path;
    }
}
