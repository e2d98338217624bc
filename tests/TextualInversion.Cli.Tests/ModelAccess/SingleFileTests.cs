using System.Text.Json.Nodes;
using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.ModelAccess;

/// <summary>The real commands on checkpoints in one file.</summary>
[Trait("Category", "EndToEnd")]
public sealed class SingleFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Files => GoldenSingleFiles.Names;

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public async Task TrainThenGenerate_WithTheConfigOfAFolder_IsAsWithTheFolder(string file)
    {
        var config = GoldenSingleFiles.FolderOf(file).Path;
        string[] single = ["--model", Goldens.Path("models", file), "--config", config],
            whole = ["--model", config];
        var (exitCode, _, error) = await TiRunner.TrainAsync(
            folder.Path,
            Goldens.Sample("my-cat"),
            "my-cat",
            [.. single, "--initializer", "cat", "--steps", "2", "--batch", "1"]
        );
        Assert.True(exitCode == 0, error);
        foreach (var (name, model) in new[] { ("single.png", single), ("whole.png", whole) })
        {
            var (painted, _, warnings) = await TiRunner.RunAsync([
                "generate",
                .. model,
                "--prompt",
                "a photo of <my-cat>",
                "--embedding",
                folder.File("embeddings/my-cat.safetensors"),
                "--seed",
                "3",
                "--steps",
                "2",
                "--output",
                folder.File(name),
            ]);
            Assert.True(painted == 0, warnings);
        }

        AssertSamePixels("single.png", "whole.png");
    }

    [Fact]
    public async Task Generate_WithoutConfig_TellsAllButTheTokenizerFromTheTensors()
    {
        WriteCheckpoint("model.ckpt.safetensors");
        var (exitCode, _, error) = await GenerateAsync("1.png");
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains(
            "model.ckpt.safetensors has no tokenizer of its own; name a diffusers folder of the same kind of model, or "
                + "allow the download of its tokenizer. openai/clip-vit-large-patch14: is not in the cache",
            error
        );

        PutTokenizerIntoTheCache();
        (exitCode, _, error) = await GenerateAsync("1.png");
        Assert.True(exitCode == 0, error);
        (exitCode, _, error) = await GenerateAsync("2.png", "--prediction", "v_prediction");
        Assert.True(exitCode == 0, error);
        Assert.NotEqual(Pixels("1.png"), Pixels("2.png"));
    }

    [Fact]
    public async Task Generate_AnotherVae_DecodesWithIt()
    {
        var sd1 = Goldens.Path("models", "sd1");
        string[] command = ["generate", "--model", sd1, "--prompt", "a cat", "--seed", "3", "--steps", "2"];
        foreach (
            var (name, vae) in new[]
            {
                ("own.png", Path.Combine(sd1, "vae")),
                ("checkpoint.png", Goldens.Path("models", "sd1-original.ckpt")),
                ("other.png", Goldens.Path("models", "sd2")),
            }
        )
        {
            var (exitCode, _, error) = await TiRunner.RunAsync([
                .. command,
                "--vae",
                vae,
                "--output",
                folder.File(name),
            ]);
            Assert.True(exitCode == 0, error);
        }

        AssertSamePixels("own.png", "checkpoint.png");
        Assert.NotEqual(Pixels("own.png"), Pixels("other.png"));
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\n", "it is a Git LFS pointer")]
    [InlineData("<!DOCTYPE html>", "it is a web page")]
    public async Task Generate_NoWeightsInTheFile_SaysWhatIsInIt(string content, string why)
    {
        var (exitCode, _, error) = await TiRunner.RunAsync(
            "generate",
            "--model",
            folder.Write("model.safetensors", content),
            "--prompt",
            "a cat",
            "--output",
            folder.File("1.png")
        );
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains(why, error);
    }

    [Fact]
    public async Task Generate_CheckpointThatAsksForCode_IsRefusedByName()
    {
        var path = folder.Write("model.ckpt", TorchBytes.Archive("cposix\nsystem\nX\u0004\0\0\0exit\u0085R"));
        var (exitCode, _, error) = await TiRunner.RunAsync(
            "generate",
            "--model",
            path,
            "--prompt",
            "a cat",
            "--output",
            folder.File("1.png")
        );
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains($"{path}: is not a torch file that can be read: it asks for posix.system,", error);
    }

    [Theory]
    [InlineData(
        "--config",
        "somewhere",
        "--config somewhere: belongs to a single file, and the model is not one; leave it out."
    )]
    [InlineData("--vae", "nowhere", "nowhere: cannot be read")]
    public async Task Generate_OptionThatDoesNotFitTheModel_SaysSo(string option, string value, string why)
    {
        var (exitCode, _, error) = await TiRunner.RunAsync(
            "generate",
            "--model",
            "demo",
            option,
            value,
            "--prompt",
            "a cat",
            "--output",
            folder.File("1.png")
        );
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains(why, error);
    }

    [Fact]
    public async Task Generate_PredictionThatIsNone_IsWrongUsage()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync(
            "generate",
            "--model",
            "demo",
            "--prediction",
            "noise",
            "--prompt",
            "a cat"
        );
        Assert.Equal(2, exitCode);
        Assert.Contains("epsilon", error);
    }

    private Task<(int ExitCode, string Output, string Error)> GenerateAsync(string file, params string[] more) =>
        TiRunner.RunAsync(
            variable =>
                variable switch
                {
                    "HF_HUB_OFFLINE" => "1",
                    "HF_HUB_CACHE" => folder.File("hub"),
                    _ => null,
                },
            [
                "generate",
                "--model",
                folder.File("model.ckpt.safetensors"),
                "--prompt",
                "a cat",
                "--width",
                "64",
                "--height",
                "64",
                "--seed",
                "3",
                "--steps",
                "2",
                "--output",
                folder.File(file),
                .. more,
            ]
        );

    /// <summary>
    /// Writes the smallest Stable Diffusion 1 that is recognized by its tensors, with random weights.
    /// </summary>
    private void WriteCheckpoint(string name)
    {
        var configs = PublishedCheckpoint.Configs(ModelVersion.StableDiffusion1);
        configs["unet"]["block_out_channels"] = new JsonArray(32L, 32L, 64L, 64L);
        configs["unet"]["cross_attention_dim"] = 64L;
        configs["vae"]["block_out_channels"] = new JsonArray(32L, 32L, 32L, 32L);
        foreach (var (key, value) in new[] { ("vocab_size", 1024L), ("hidden_size", 64L), ("intermediate_size", 64L) })
            configs["text_encoder"][key] = value;
        configs["text_encoder"]["num_hidden_layers"] = 2;
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var tensors = PublishedCheckpoint
            .Tensors(ModelVersion.StableDiffusion1, configs)
            .ToDictionary(tensor => tensor.Name, tensor => randn(tensor.Shape, generator: generator) * 0.1);
        SafetensorsFile.Write(folder.File(name), tensors, new Dictionary<string, string>(), overwrite: false);
    }

    private void PutTokenizerIntoTheCache()
    {
        var commit = new string('a', 40);
        folder.Write("hub/models--openai--clip-vit-large-patch14/refs/main", commit);
        foreach (var file in Directory.GetFiles(DemoTokenizer.Folder))
            folder.Write(
                $"hub/models--openai--clip-vit-large-patch14/snapshots/{commit}/{Path.GetFileName(file)}",
                File.ReadAllBytes(file)
            );
    }

    private void AssertSamePixels(string first, string second) => Assert.Equal(Pixels(first), Pixels(second));

    private byte[] Pixels(string name) => TextualInversion.Data.ImageDecoder.Decode(folder.File(name)).Pixels;
}
