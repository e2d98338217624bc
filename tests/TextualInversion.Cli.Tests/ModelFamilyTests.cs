using System.Text.Json;
using TextualInversion.Embeddings;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests;

/// <summary>The real commands on a small model of each family.</summary>
[Trait("Category", "EndToEnd")]
public sealed class ModelFamilyTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Names => GoldenModel.Names;

    private string Embedding => folder.File("embeddings/my-cat.safetensors");

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task TrainThenGenerate_EachFamily_WritesItsLayoutAndReadsIt(string name)
    {
        var (exitCode, output, error) = await TrainAsync(name, "--json");
        Assert.True(exitCode == 0, error);
        using var result = JsonDocument.Parse(output);
        Assert.Equal(2, result.RootElement.GetProperty("steps").GetInt32());
        AssertLayout(name);

        var (painted, _, warnings) = await GenerateAsync(name, "a photo of <my-cat>", "0001.png");
        await GenerateAsync(name, "a photo of a cat", "0002.png");

        Assert.True(painted == 0, warnings);
        Assert.DoesNotContain("warning", warnings);
        Assert.NotEqual(
            await File.ReadAllBytesAsync(folder.File("0001.png")),
            await File.ReadAllBytesAsync(folder.File("0002.png"))
        );
    }

    [Fact]
    public async Task Train_GradientCheckpointing_GivesTheSameFile()
    {
        await TrainAsync("sdxl", "--gradient-checkpointing", "off");
        var kept = await File.ReadAllBytesAsync(Embedding);
        await TrainAsync("sdxl", "--gradient-checkpointing", "on", "--overwrite");

        Assert.Equal(kept, await File.ReadAllBytesAsync(Embedding));
        Assert.Contains(
            "\"gradientCheckpointing\": true",
            await File.ReadAllTextAsync(folder.File("runs/my-cat/run.json"))
        );
    }

    [Fact]
    public async Task Generate_EmbeddingOfAnotherFamily_SaysBothWidths()
    {
        await TrainAsync("sdxl");

        var (exitCode, _, error) = await GenerateAsync("sd1", "a <my-cat>", "1.png");

        Assert.Equal(1, exitCode);
        Assert.Contains(
            "<my-cat>: its vectors are 32 and 48 wide and the model's 32; it was trained on another kind of model",
            error
        );
        Assert.False(File.Exists(folder.File("1.png")));
    }

    [Fact]
    public async Task Train_NoSuchVariant_SaysWhichThereAre()
    {
        var (exitCode, _, error) = await TrainAsync("sdxl", "--variant", "fp32");

        Assert.Equal(1, exitCode);
        Assert.Contains("has no weights of the variant fp32; it has fp16.", error);
    }

    [Fact]
    public async Task Generate_EmptyNegativePrompt_DiffersFromNone()
    {
        await GenerateAsync("sdxl", "a red cat", "none.png");
        await GenerateAsync("sdxl", "a red cat", "empty.png", "--negative", "");

        Assert.NotEqual(
            await File.ReadAllBytesAsync(folder.File("none.png")),
            await File.ReadAllBytesAsync(folder.File("empty.png"))
        );
    }

    private void AssertLayout(string name)
    {
        var encoders = new GoldenModel(name).TextSuffixes.Count;
        var file = SafetensorsFile.Open(Embedding);
        Assert.Equal(encoders == 1 ? ["<my-cat>"] : ["clip_g", "clip_l"], file.Tensors.Keys.Order());
        using var embedding = EmbeddingFile.Read(Embedding);
        Assert.Equal(("<my-cat>", 2), (embedding.Trigger, embedding.Vectors));
        var drift = File.ReadAllLines(folder.File("runs/my-cat/metrics.csv"))[^1].Split(',')[^(2 * encoders)..];
        Assert.All(
            drift,
            distance => Assert.True(double.Parse(distance, System.Globalization.CultureInfo.InvariantCulture) > 0)
        );
    }

    private Task<(int ExitCode, string Output, string Error)> TrainAsync(string name, params string[] more) =>
        TiRunner.TrainAsync(
            folder.Path,
            Goldens.Sample("my-cat"),
            "my-cat",
            [
                "--initializer",
                "cat",
                "--model",
                Goldens.Path("models", name),
                "--steps",
                "2",
                "--batch",
                "1",
                "--vectors",
                "2",
                "--precision",
                "bf16",
                .. more,
            ]
        );

    private Task<(int ExitCode, string Output, string Error)> GenerateAsync(
        string name,
        string prompt,
        string file,
        params string[] more
    ) =>
        TiRunner.RunAsync([
            "generate",
            "--model",
            Goldens.Path("models", name),
            "--prompt",
            prompt,
            "--seed",
            "3",
            "--steps",
            "3",
            "--output",
            folder.File(file),
            .. prompt.Contains('<') ? ["--embedding", Embedding] : Array.Empty<string>(),
            .. more,
        ]);
}
