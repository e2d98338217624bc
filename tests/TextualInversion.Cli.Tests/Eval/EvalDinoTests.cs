using System.Globalization;
using System.Text.Json;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Eval;

/// <summary>DINOv2's scores, and reference images, in <c>ti eval</c>.</summary>
[Trait("Category", "EndToEnd")]
public sealed class EvalDinoTests : IDisposable
{
    private static readonly string Dino = Path.Combine(
        Goldens.Repository,
        "tests",
        "TextualInversion.Tests",
        "Fixtures",
        "dinov2"
    );

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task DinoModel_AndReferenceImages_GiveTheirScores()
    {
        var training = Row(await EvalAsync("--dino-model", Dino, "--report", folder.File("page.html")));
        var held = Row(await EvalAsync("--dino-model", Dino, "--reference-images", Goldens.Sample("my-dog", "1.png")));
        var without = Row(await EvalAsync("--report", folder.File("without.html")));

        Assert.Equal(JsonValueKind.Null, without.GetProperty("dinoSimilarity").ValueKind);
        Assert.Equal(Number(without, "imageSimilarity"), Number(training, "imageSimilarity"));
        Assert.InRange(Number(training, "dinoSimilarity"), -1, 1);
        Assert.NotEqual(0, Number(training, "dinoSimilarityGain"));
        var page = await File.ReadAllTextAsync(folder.File("page.html"));
        Assert.Contains("<th>DINOv2 similarity</th>", page, StringComparison.Ordinal);
        var score = Number(training, "dinoSimilarity").ToString("F4", CultureInfo.InvariantCulture);
        Assert.Contains($"<td>{score} ", page, StringComparison.Ordinal);
        Assert.Contains($"; DINOv2 {score} ", page, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "DINOv2",
            await File.ReadAllTextAsync(folder.File("without.html")),
            StringComparison.Ordinal
        );
        Assert.NotEqual(Number(training, "dinoSimilarity"), Number(held, "dinoSimilarity"));
        Assert.NotEqual(Number(training, "imageSimilarity"), Number(held, "imageSimilarity"));
    }

    [Fact]
    public async Task DinoModel_FolderThatIsNone_IsRefused()
    {
        var (exitCode, _, error) = await RunAsync("--dino-model", Goldens.Sample("demo-model", "clip"));
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("model_type", error, StringComparison.Ordinal);
    }

    private static JsonElement Row(string json) => JsonDocument.Parse(json).RootElement.GetProperty("rows")[0];

    private static double Number(JsonElement row, string name) => row.GetProperty(name).GetDouble();

    private async Task<string> EvalAsync(params string[] more)
    {
        var (exitCode, output, error) = await RunAsync(["--json", .. more]);
        Assert.True(exitCode == 0, error);
        return output;
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] more)
    {
        using var scope = NewDisposeScope();
        var embedding = folder.File("my-cat.safetensors");
        SafetensorsFile.Write(
            embedding,
            new Dictionary<string, Tensor> { ["<my-cat>"] = randn([1, 128], generator: new Generator(1)) * 0.05 },
            new Dictionary<string, string> { ["initializer"] = "cat" },
            overwrite: true
        );
        return TiRunner.RunAsync([
            "eval",
            "--model",
            "demo",
            "--count",
            "2",
            "--steps",
            "1",
            "--prompts",
            folder.Write("prompts.txt", "a sketch of {}\n"),
            "--embedding",
            embedding,
            "--images",
            Goldens.Sample("my-cat"),
            "--cache",
            folder.File("cache"),
            .. more,
        ]);
    }
}
