using System.Buffers.Binary;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests;

/// <summary>Mistakes of the user: a clear error, exit code 1, nothing left behind.</summary>
public sealed class UsageErrorTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Output => folder.File("out");

    public void Dispose() => folder.Dispose();

    [Fact]
    public Task Train_NoSuchFolder_IsNamed() => RefusesAsync("nowhere", images: folder.File("nowhere"));

    [Fact]
    public Task Train_EmptyFolder_IsNamed() =>
        RefusesAsync("empty", images: Directory.CreateDirectory(folder.File("nothing")).FullName);

    [Fact]
    public Task Train_FolderOfText_NamesIt()
    {
        Directory.CreateDirectory(folder.File("texts"));
        File.WriteAllText(folder.File("texts/notes.txt"), "no image");
        return RefusesAsync("notes.txt", images: folder.File("texts"));
    }

    [Fact]
    public Task Train_TruncatedImage_IsNamed()
    {
        Directory.CreateDirectory(folder.File("cut"));
        File.WriteAllBytes(folder.File("cut/1.png"), File.ReadAllBytes(Goldens.Sample("my-cat", "1.png"))[..20_000]);
        return RefusesAsync("1.png", images: folder.File("cut"));
    }

    [Fact]
    public Task Train_HugeImage_IsRefusedByItsHeader()
    {
        Directory.CreateDirectory(folder.File("huge"));
        var bytes = File.ReadAllBytes(Goldens.Sample("my-cat", "1.png"));
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(16), 30_000);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(20), 30_000);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(29), Crc(bytes.AsSpan(12, 17)));
        File.WriteAllBytes(folder.File("huge/1.png"), bytes);
        return RefusesAsync("too many", images: folder.File("huge"));
    }

    [Fact]
    public Task Train_InitializerThatIsNoWord_ProposesWords() =>
        RefusesAsync("is not a word", more: ["--initializer", "qxzv"]);

    [Fact]
    public Task Train_PlaceholderOfTheVocabulary_IsRefused() =>
        RefusesAsync("vocabulary already holds cat", token: "cat");

    [Theory]
    [InlineData("--vectors", "0")]
    [InlineData("--resolution", "100")]
    [InlineData("--steps", "0")]
    [InlineData("--batch", "0")]
    [InlineData("--accumulate", "0")]
    [InlineData("--learning-rate", "0")]
    [InlineData("--learning-rate", "NaN")]
    [InlineData("--weight-decay", "-1")]
    [InlineData("--epsilon", "0")]
    [InlineData("--betas", "1,0.9")]
    [InlineData("--warmup", "-1")]
    [InlineData("--min-timestep", "1000")]
    [InlineData("--max-timestep", "1001")]
    [InlineData("--huber-c", "0")]
    [InlineData("--device", "tpu")]
    public Task Train_NumberOutOfRange_NamesTheOption(string option, string value) =>
        RefusesAsync(option, more: [option, value]);

    [Fact]
    public Task Train_GammaOfAnotherWeighting_NamesTheOption() =>
        RefusesAsync("--snr-gamma", more: ["--snr-gamma", "5", "--loss-weight", "none"]);

    [Theory]
    [InlineData("a b", "--token: The placeholder \"a b\" holds a space")]
    [InlineData("a/b", "--token \"a/b\": cannot be a file's name")]
    [InlineData("*", "--token \"*\": cannot be a file's name")]
    public Task Train_TokenThatNoFileCanBeCalled_NamesTheOption(string token, string expected) =>
        RefusesAsync(expected, token: token);

    [Theory]
    [InlineData("--initializer")]
    [InlineData("--name")]
    [InlineData("--templates")]
    public Task Train_EmptyValue_NamesTheOption(string option) =>
        RefusesAsync($"{option}: is empty", more: [option, ""]);

    /// <summary>Before a model is looked for.</summary>
    [Fact]
    public Task Train_OutputIsAFile_NamesItAlone() =>
        RefusesAsync($"since {folder.Write("out", "text")} is a file, not a folder", model: "nobody/nothing");

    [Theory]
    [InlineData("unet/diffusion_pytorch_model.safetensors")]
    [InlineData("vae/config.json")]
    [InlineData("tokenizer/vocab.json")]
    [InlineData("scheduler/scheduler_config.json")]
    public Task Train_ModelWithoutAFile_NamesIt(string file)
    {
        var model = TiRunner.CopyOfDemoModel(folder);
        File.Delete(Path.Combine(model, file));
        return RefusesAsync(Path.GetFileName(file), model: model);
    }

    [Fact]
    public Task Train_TruncatedWeights_NamesTheFile()
    {
        var model = TiRunner.CopyOfDemoModel(folder);
        var file = Path.Combine(model, "unet", "diffusion_pytorch_model.safetensors");
        using (var stream = File.OpenWrite(file))
            stream.SetLength(stream.Length - 1000);
        return RefusesAsync("truncated", model: model);
    }

    [Fact]
    public Task Train_TensorOfTheWrongShape_NamesBothShapes()
    {
        var model = TiRunner.CopyOfDemoModel(folder);
        var file = Path.Combine(model, "text_encoder", "model.safetensors");
        using var scope = NewDisposeScope();
        var weights = SafetensorsFile.Open(file);
        var tensors = weights.Tensors.Keys.ToDictionary(key => key, key => weights.Read(key).clone());
        tensors["final_layer_norm.bias"] = zeros(7);
        SafetensorsFile.Write(file, tensors, new Dictionary<string, string>(), overwrite: true);
        return RefusesAsync("[7]", model: model);
    }

    [Fact]
    public async Task Train_OutputThatExists_IsKept()
    {
        Directory.CreateDirectory(Path.Combine(Output, "embeddings"));
        var file = Path.Combine(Output, "embeddings", "it.safetensors");
        await File.WriteAllTextAsync(file, "precious");

        var (exitCode, _, error) = await TiRunner.TrainAsync(
            Output,
            Goldens.Sample("my-cat"),
            "<it>",
            "--initializer",
            "cat",
            "--model",
            "demo"
        );

        Assert.Equal(1, exitCode);
        Assert.Contains("--overwrite", error);
        Assert.Equal("precious", await File.ReadAllTextAsync(file));
    }

    [Theory]
    [InlineData("--width", "100")]
    [InlineData("--steps", "0")]
    [InlineData("--count", "0")]
    [InlineData("--sampler", "eular")]
    [InlineData("--guidance", "-1")]
    [InlineData("--embedding", "nowhere.safetensors")]
    public async Task Generate_BadOption_SaysSo(string option, string value)
    {
        var (exitCode, _, error) = await TiRunner.RunAsync(
            "generate",
            "--prompt",
            "a cat",
            "--model",
            "demo",
            "--output",
            Output,
            option,
            value
        );

        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("error: ", error);
        Assert.Contains(value, error);
        Assert.False(Directory.Exists(Output));
    }

    [Theory]
    [InlineData("trian")]
    [InlineData("train", "--token", "x")]
    [InlineData("train", "--token", "x", "--images", "a", "--stepz", "3")]
    [InlineData("train", "--token", "x", "--images", "a", "--steps", "many")]
    [InlineData("train", "--token", "x", "--images", "a", "--betas", "0.9")]
    public async Task Run_WrongUsage_Exits2(params string[] arguments)
    {
        var (exitCode, output, error) = await TiRunner.RunAsync(arguments);

        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains("--help", error);
    }

    private async Task RefusesAsync(
        string expected,
        string? images = null,
        string token = "<it>",
        string model = "demo",
        string[]? more = null
    )
    {
        string[] initializer = more is ["--initializer", ..] ? [] : ["--initializer", "cat"];
        var (exitCode, output, error) = await TiRunner.TrainAsync(
            Output,
            images ?? Goldens.Sample("my-cat"),
            token,
            ["--model", model, .. initializer, .. more ?? []]
        );

        TiRunner.AssertRefused(exitCode, error);
        Assert.Empty(output);
        Assert.Contains("error: ", error);
        Assert.Contains(expected, error);
        Assert.False(Directory.Exists(Output));
    }

    /// <summary>PNG's checksum (ISO 15948, annex D).</summary>
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }

        return ~crc;
    }

    [Theory]
    [InlineData("merge a.pt b.pt --output c.safetensors --trigger --overwrite", "--trigger", "--overwrite")]
    [InlineData("convert a.pt --name --json", "--name", "--json")]
    [InlineData("generate --prompt --count 3", "--prompt", "--count")]
    [InlineData("train --images --token x", "--images", "--token")]
    [InlineData("generate --model --prompt x", "--model", "--prompt")]
    public async Task Run_ForgottenValue_IsRefused(string command, string option, string next)
    {
        var (exitCode, output, error) = await TiRunner.RunAsync(command.Split(' '));

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains($"{option}: its value is missing. If {next} is the value, write {option}={next}.", error);
        Assert.DoesNotContain($"{next}: ", error); // nor is the option itself wrong
        Assert.DoesNotContain($"'{next}'", error);
    }
}
