using TextualInversion.Cli.Runs;
using TextualInversion.Embeddings;
using TextualInversion.IO;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Train;

/// <summary>A LoRA as a part of the frozen model that is trained on.</summary>
[Trait("Category", "EndToEnd")]
public sealed class TrainLoraTests : IDisposable
{
    private static readonly string Lora = Path.Combine(
        Goldens.Repository,
        "tests",
        "TextualInversion.Tests",
        "Fixtures",
        "lora",
        "sd1-kohya.safetensors"
    );

    private readonly TrainFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Lora_IsPartOfTheBaseAndRecorded()
    {
        var (plain, ofPlain) = await TrainAsync("plain");
        Assert.Empty(ofPlain.LoraSha256);
        var (with, provenance) = await TrainAsync("with", "--lora", $"{Lora}@0.5");
        var (again, _) = await TrainAsync("again", "--lora", $"{Lora}@0.5");

        Assert.NotEqual(plain, with);
        Assert.Equal(with, again);
        Assert.Equal([new Lora(Lora, 0.5)], provenance.Loras);
        Assert.Equal(Sha256.OfFile(Lora), provenance.LoraSha256[Lora]);

        // The base model is the same; what was used is not.
        Assert.Equal(ofPlain.BaseModelSha256, provenance.BaseModelSha256);
        RunRecord used = RunRecord.Read(folder.File($"with/{TrainFolder.Run}")),
            plainly = RunRecord.Read(folder.File($"plain/{TrainFolder.Run}"));
        Assert.NotEqual(plainly.FrozenWeights["UNet"], used.FrozenWeights["UNet"]);
        Assert.Equal(plainly.FrozenWeights["VaeEncoder"], used.FrozenWeights["VaeEncoder"]);
        Assert.Equal([new RunLora(Lora, 0.5, 0.5, Sha256.OfFile(Lora))], used.Loras);
        Assert.Null(plainly.Loras);

        var (exitCode, _, error) = await TiRunner.RunAsync(
            "generate",
            "--embedding",
            folder.File($"with/{TrainFolder.Embedding}"),
            "--model",
            folder.File("model"),
            "--prompt",
            "<my-cat>",
            "--steps",
            "1",
            "--width",
            "64",
            "--height",
            "64",
            "--output",
            folder.File("out.png")
        );
        Assert.True(exitCode == 0, error);
        Assert.Contains($"--lora {Lora}@0.5", error, StringComparison.Ordinal);
    }

    /// <summary>The scores of a run on a model without its LoRA would be taken for those of the run.</summary>
    [Fact]
    public async Task Eval_RunWithoutItsLora_IsRefusedUntilTheLoraIsNamed()
    {
        await TrainAsync("with", "--lora", $"{Lora}@0.5");
        var run = folder.File($"with/{TrainFolder.Run}");
        string[] evaluate = ["eval", "--run", run, "--model", folder.File("model"), "--clip-model", "nowhere"];

        var (exitCode, output, error) = await TiRunner.RunAsync(evaluate);

        Assert.Equal((1, ""), (exitCode, output));
        Assert.Equal(
            $"error: {run}: was trained together with a LoRA; without, the scores would be those of another "
                + $"model. Add --lora {Lora}@0.5. To score without, name the files with --embedding in place of --run, "
                + "and their images with --images.",
            error.Trim()
        );
        // With the LoRA, or without the run, it goes on to the CLIP model.
        string[] files =
        [
            "--embedding",
            folder.File($"with/{TrainFolder.Embedding}"),
            "--images",
            folder.File("images"),
        ];
        (_, _, error) = await TiRunner.RunAsync([.. evaluate, "--lora", $"{Lora}@0.5"]);
        Assert.DoesNotContain("LoRA", error, StringComparison.Ordinal);
        Assert.Contains("nowhere", error, StringComparison.Ordinal);
        (_, _, error) = await TiRunner.RunAsync(["eval", .. files, .. evaluate[3..]]);
        Assert.Contains("warning: ", error, StringComparison.Ordinal);
        Assert.Contains("nowhere", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_LoraThatChanged_IsRefused()
    {
        var lora = folder.File("lora.safetensors");
        File.Copy(Lora, lora);
        var (exitCode, _, error) = await TiRunner.RunAsync([.. folder.Command("."), "--steps", "2", "--lora", lora]);
        Assert.True(exitCode == 0, error);
        File.Copy(Lora.Replace("kohya", "diffusers", StringComparison.Ordinal), lora, overwrite: true);

        (exitCode, _, error) = await TiRunner.RunAsync(
            "train",
            "--resume",
            folder.File(TrainFolder.Run),
            "--steps",
            "3"
        );

        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("LoRA", error, StringComparison.Ordinal);
    }

    private async Task<(float[] Rows, EmbeddingProvenance Provenance)> TrainAsync(string output, params string[] more)
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([.. folder.Command(output), "--steps", "2", .. more]);
        Assert.True(exitCode == 0, error);
        using var embedding = EmbeddingFile.Read(folder.File($"{output}/{TrainFolder.Embedding}"));
        return (embedding.Rows[0].data<float>().ToArray(), EmbeddingProvenance.FromMetadata(embedding.Provenance));
    }
}
