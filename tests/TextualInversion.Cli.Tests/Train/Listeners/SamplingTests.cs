using System.Text.Json;
using TextualInversion.Data;
using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Tests.Train.Listeners;

/// <summary>Images generated during training, and the report at the end.</summary>
[Trait("Category", "EndToEnd")]
public sealed class SamplingTests : IDisposable
{
    private const string Embedding = "embeddings/my-cat.safetensors",
        Run = "runs/my-cat";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("sd1")]
    [InlineData("sdxl", "--precision", "bf16", "--gradient-checkpointing", "on")]
    public async Task Train_Samples_DisturbNothingThatIsLearned(string model, params string[] more)
    {
        await TrainAsync(model, "without", [.. more, "--steps", "3"]);
        await TrainAsync(
            model,
            "with",
            [
                .. more,
                "--steps",
                "3",
                "--sample-every",
                "1",
                "--sample-steps",
                "2",
                "--sample-prompt",
                "{} here",
                "--sample-count",
                "2",
            ]
        );

        foreach (var file in new[] { Embedding, $"{Run}/last.safetensors", $"{Run}/metrics.csv" })
            Assert.Equal(
                await File.ReadAllBytesAsync(folder.File($"without/{file}")),
                await File.ReadAllBytesAsync(folder.File($"with/{file}"))
            );
        Assert.False(Directory.Exists(folder.File($"without/{Run}/samples")));
        Assert.Equal(4 * 2, Directory.EnumerateFiles(folder.File($"with/{Run}/samples"), "*.png").Count());
        var images = Enumerable
            .Range(0, 4)
            .Select(step => ImageDecoder.Decode(folder.File($"with/{Run}/samples/step-{step:D6}-1.png")).Pixels)
            .ToList();
        Assert.All(images.Zip(images.Skip(1)), pair => Assert.NotEqual(pair.First, pair.Second));
    }

    [Fact]
    public async Task Train_Sample_IsTheImageThatGeneratePaintsWithTheRowsBesideIt()
    {
        await TrainAsync(
            "sd1",
            ".",
            "--steps",
            "2",
            "--sample-every",
            "2",
            "--sample-steps",
            "3",
            "--sample-seed",
            "7",
            "--sample-guidance",
            "3",
            "--sample-sampler",
            "euler"
        );

        foreach (var step in new[] { "000000", "000002" })
        {
            var sample = folder.File($"{Run}/samples/step-{step}-1.png");
            var (exitCode, _, error) = await TiRunner.RunAsync(
                "generate",
                "--from",
                sample,
                "--output",
                folder.File($"{step}.png")
            );

            Assert.True(exitCode == 0, error);
            var parameters = WebUiParameters.Parse(ImageFile.ReadParameters(sample)!);
            Assert.Equal(
                ("a photo of <my-cat>", "3", "7", "32x32"),
                (parameters.Prompt, parameters.Find("Steps"), parameters.Find("Seed"), parameters.Find("Size"))
            );
            // The U-Net in training may sum in another order.
            Assert.All(
                ImageDecoder.Decode(sample).Pixels.Zip(ImageDecoder.Decode(folder.File($"{step}.png")).Pixels),
                pair => Assert.InRange(pair.First - pair.Second, -2, 2)
            );
        }

        using var rows = EmbeddingFile.Read(folder.File($"{Run}/samples/step-000002.safetensors"));
        Assert.Equal("2", rows.Provenance["steps"]);
    }

    [Fact]
    public async Task Train_StyleWithoutASamplePrompt_PaintsInItsStyle()
    {
        await TrainAsync(
            "sd1",
            ".",
            "--steps",
            "1",
            "--property",
            "style",
            "--sample-every",
            "5",
            "--sample-steps",
            "1"
        );

        Assert.Equal(
            "a painting in the style of <my-cat>",
            WebUiParameters.Parse(ImageFile.ReadParameters(folder.File($"{Run}/samples/step-000000-1.png"))!).Prompt
        );
    }

    [Fact]
    public async Task Train_RowsThatAreKeptFromBetween_ArePaintedToo()
    {
        await TrainAsync(
            "sd1",
            ".",
            "--steps",
            "3",
            "--validate-every",
            "0",
            "--sample-every",
            "2",
            "--sample-steps",
            "1"
        );

        Assert.Equal(
            ["step-000000-1.png", "step-000002-1.png", "step-000003-1.png"],
            Directory.EnumerateFiles(folder.File($"{Run}/samples"), "*.png").Select(Path.GetFileName).Order()
        );
    }

    [Fact]
    public async Task Train_Overwrite_LeavesNoSamplesOfTheRunBefore()
    {
        await TrainAsync("sd1", ".", "--steps", "1", "--sample-every", "1", "--sample-steps", "1");
        await TrainAsync("sd1", ".", "--steps", "1", "--overwrite");

        Assert.Empty(Directory.EnumerateFiles(folder.File($"{Run}/samples")));
    }

    [Fact]
    public async Task Train_Run_LeavesAPageItsNumbersAndWhatIsNearest()
    {
        var error = await TrainAsync(
            "sd1",
            ".",
            "--steps",
            "2",
            "--validate-every",
            "1",
            "--vectors",
            "2",
            "--sample-every",
            "2",
            "--sample-steps",
            "1",
            "--sample-prompt",
            "a cat"
        );

        Assert.Contains("--sample-prompt \"a cat\" holds neither {} nor <my-cat>", error);
        var page = await File.ReadAllTextAsync(folder.File($"{Run}/report.html"));
        Assert.Contains("<h1>&lt;my-cat&gt;</h1>", page);
        var steps = MetricsTable.Read(folder.File($"{Run}/metrics.csv"));
        Assert.Equal([0, 1, 2], steps.Select(step => step.Step));
        Assert.Equal(("cat", 1.0), (steps[0].Nearest![0].Word, Math.Round(steps[0].Nearest![0].Cosine, 4)));
        Assert.All(steps, step => Assert.Equal((2, 2, 2), (step.Nearest!.Count, step.Norms.Count, step.Drift.Count)));
        using var record = JsonDocument.Parse(await File.ReadAllTextAsync(folder.File($"{Run}/run.json")));
        Assert.Equal(
            ["train", "--model"],
            record.RootElement.GetProperty("command").EnumerateArray().Select(argument => argument.GetString()).Take(2)
        );
        Assert.Equal(5, record.RootElement.GetProperty("rows")[1].GetProperty("nearest").GetArrayLength());
        Assert.Equal(1, record.RootElement.GetProperty("vocabularyNorms").GetArrayLength());
    }

    [Fact]
    public async Task Train_RunThatDiverges_LeavesAPage()
    {
        await RunAsync("sd1", ".", "--steps", "9", "--learning-rate", "1e30");

        Assert.Contains(
            "(NaN or infinity). No step was better than the initializer",
            await File.ReadAllTextAsync(folder.File($"{Run}/report.html"))
        );
    }

    [Theory]
    [InlineData("--sample-every -1: choose 0 or more", "--sample-every", "-1")]
    [InlineData("--sample-count 0: choose a number from 1 to 100", "--sample-every", "1", "--sample-count", "0")]
    [InlineData("--sample-prompt: no images are generated without --sample-every", "--sample-prompt", "a photo of {}")]
    [InlineData("--sample-seed: no images are generated without --sample-every", "--sample-seed", "1")]
    [InlineData("There is no sampler eulr. Did you mean", "--sample-every", "1", "--sample-sampler", "eulr")]
    [InlineData("steps", "--sample-every", "1", "--sample-steps", "0")]
    [InlineData("--sample-guidance -1", "--sample-every", "1", "--sample-guidance", "-1")]
    public async Task Train_SampleOptionThatCannotBe_IsNamedBeforeTheWork(string expected, params string[] more)
    {
        var (exitCode, _, error) = await RunAsync("sd1", ".", ["--steps", "1", .. more]);

        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains(expected, error);
        Assert.False(Directory.Exists(folder.File("runs")));
    }

    private async Task<string> TrainAsync(string model, string output, params string[] more)
    {
        var (exitCode, _, error) = await RunAsync(model, output, more);
        Assert.True(exitCode == 0, error);
        return error;
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(
        string model,
        string output,
        params string[] more
    ) =>
        TiRunner.RunAsync([
            "train",
            "--model",
            Goldens.Path("models", model),
            "--images",
            Goldens.Sample("my-cat"),
            "--token",
            "my-cat",
            "--initializer",
            "cat",
            "--seed",
            "1",
            "--batch",
            "1",
            "--resolution",
            "32",
            "--output",
            folder.File(output),
            .. more,
        ]);
}
