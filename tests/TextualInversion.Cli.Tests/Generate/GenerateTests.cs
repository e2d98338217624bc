using System.Text.Json;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Generate;

/// <summary><c>ti generate</c> on the demo model, small and in few steps.</summary>
[Trait("Category", "EndToEnd")]
public sealed class GenerateTests : IDisposable
{
    private static readonly string[] Small = ["--model", "demo", "--steps", "2", "--width", "32", "--height", "40"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task From_ImageWithEverythingInIt_IsRepeatedToTheByte()
    {
        var embedding = WriteEmbedding("my-cat", initializer: "cat");
        await MakeAsync(
            "first.png",
            "--prompt",
            "a (<my-cat>:0.7), BREAK red, \"4:3\"",
            "--negative",
            "",
            "--embedding",
            embedding + "@0.6",
            "--sampler",
            "euler a",
            "--guidance",
            "3.3",
            "--seed",
            "7",
            "--init-image",
            Goldens.Sample("my-cat", "1.png"),
            "--strength",
            "0.6",
            "--clip-skip",
            "2",
            "--guidance-rescale",
            "0.5"
        );

        var (exitCode, _, error) = await TiRunner.RunAsync(
            "generate",
            "--from",
            folder.File("first.png"),
            "--output",
            folder.File("again.png")
        );

        Assert.True(exitCode == 0, error);
        Assert.Equal(
            await File.ReadAllBytesAsync(folder.File("first.png")),
            await File.ReadAllBytesAsync(folder.File("again.png"))
        );
    }

    [Fact]
    public async Task From_MoreOptions_CountInTheImagesPlace()
    {
        await MakeAsync("first.webp", "--prompt", "a cat", "--seed", "7");
        await MakeAsync("third.webp", "--prompt", "a cat", "--seed", "9");

        await TiRunner.RunAsync(
            "generate",
            "--from",
            folder.File("first.webp"),
            "--seed",
            "9",
            "--output",
            folder.File("again.webp")
        );

        Assert.Equal(
            await File.ReadAllBytesAsync(folder.File("third.webp")),
            await File.ReadAllBytesAsync(folder.File("again.webp"))
        );
    }

    [Fact]
    public async Task Batch_ImagesTogether_AreThoseMadeAloneToTheByte()
    {
        foreach (var batch in new[] { "auto", "3" }) // with a sampler that draws noise
            await TiRunner.RunAsync([
                "generate",
                .. Small,
                "--prompt",
                "a cat",
                "--sampler",
                "euler a",
                "--seed",
                "5",
                "--count",
                "3",
                "--batch",
                batch,
                "--output",
                folder.File(batch),
            ]);

        for (var i = 1; i <= 3; i++)
            Assert.Equal(
                await File.ReadAllBytesAsync(folder.File($"auto/000{i}.png")),
                await File.ReadAllBytesAsync(folder.File($"3/000{i}.png"))
            );
    }

    [Fact]
    public async Task Prompts_FileAndCount_MakeEachOfEach()
    {
        await File.WriteAllTextAsync(folder.File("prompts.txt"), "a cat\r\n\n a dog \n");

        var (exitCode, output, error) = await TiRunner.RunAsync([
            "generate",
            .. Small,
            "--prompts",
            folder.File("prompts.txt"),
            "--count",
            "2",
            "--seed",
            "5",
            "--format",
            "jpg",
            "--grid",
            "--output",
            folder.File("out"),
            "--json",
        ]);

        Assert.True(exitCode == 0, error);
        var images = JsonDocument.Parse(output).RootElement.GetProperty("images");
        Assert.Equal([5, 6, 5, 6], images.EnumerateArray().Select(image => image.GetProperty("seed").GetInt32()));
        Assert.StartsWith(
            "a dog\nSteps: 2",
            ImageFile.ReadParameters(folder.File("out/0003.jpg")),
            StringComparison.Ordinal
        );
        var sheet = ImageDecoder.Decode(folder.File("out/grid-0001.jpg"));
        Assert.True(sheet.WidthPixels > 2 * 32 + 12 && sheet.HeightPixels > 2 * 40 + 12, "no room for labels");
        Assert.All(
            images.EnumerateArray().Select(image => image.GetProperty("path").GetString()!),
            path => Assert.True(Path.IsPathFullyQualified(path))
        );
    }

    [Fact]
    public async Task Grid_StrengthsAndSeeds_GoFromTheInitializerToTheLearned()
    {
        var embedding = WriteEmbedding("my-cat", initializer: "cat");
        var (exitCode, _, error) = await TiRunner.RunAsync([
            "generate",
            .. Small,
            "--prompt",
            "a <my-cat>",
            "--embedding",
            embedding,
            "--grid-x",
            "strength=0,1",
            "--grid-y",
            "seed=5..6",
            "--output",
            folder.File("out"),
        ]);
        Assert.True(exitCode == 0, error);
        await MakeAsync("word.png", "--prompt", "a cat", "--seed", "6");
        await MakeAsync("learned.png", "--prompt", "a <my-cat>", "--embedding", embedding, "--seed", "5");

        Assert.Equal(Pixels("word.png"), Pixels("out/0003.png"));
        Assert.Equal(Pixels("learned.png"), Pixels("out/0002.png"));
        Assert.True(File.Exists(folder.File("out/grid-0001.png")));
        Assert.Contains("@0", ImageFile.ReadParameters(folder.File("out/0001.png")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Grid_CheckpointsIntoAFile_WritesTheSheetAlone()
    {
        var embedding = WriteEmbedding("my-cat", initializer: "cat");
        WriteEmbedding("step-1", initializer: "cat", trigger: "<my-cat>");

        var (exitCode, output, error) = await TiRunner.RunAsync([
            "generate",
            .. Small,
            "--prompt",
            "a <my-cat>",
            "--embedding",
            embedding,
            "--seed",
            "1",
            "--grid-x",
            $"checkpoint={folder.File("s*.safetensors")},{embedding}",
            "--output",
            folder.File("sheet.png"),
        ]);

        Assert.True(exitCode == 0, error);
        Assert.Equal(folder.File("sheet.png"), Path.GetFullPath(output.Trim()));
    }

    [Fact]
    public async Task Prompt_BareNameInTheNegative_IsTheEmbedding()
    {
        var embedding = WriteEmbedding("BadHands", initializer: null);
        await MakeAsync(
            "trigger.png",
            "--prompt",
            "a cat",
            "--negative",
            "<BadHands>",
            "--embedding",
            embedding,
            "--seed",
            "1"
        );
        await MakeAsync(
            "bare.png",
            "--prompt",
            "a cat",
            "--negative",
            "badhands",
            "--embedding",
            embedding,
            "--seed",
            "1"
        );
        await MakeAsync("without.png", "--prompt", "a cat", "--seed", "1");

        Assert.Equal(Pixels("trigger.png"), Pixels("bare.png"));
        Assert.NotEqual(Pixels("without.png"), Pixels("bare.png"));
    }

    [Theory]
    [InlineData("a <my-cta>", "Did you mean <my-cat>?")]
    [InlineData("a embedding:my-cta", "Did you mean <my-cat>?")]
    [InlineData("a <zebra-thing>", "There are <my-cat>.")]
    public async Task Prompt_UnknownEmbedding_IsAnErrorBeforeAnythingIsLoaded(string prompt, string expected)
    {
        string[] arguments =
        [
            "generate",
            "--model",
            "nobody/nothing",
            "--embedding",
            WriteEmbedding("my-cat", initializer: null),
            "--prompt",
            prompt,
            "--output",
            folder.File("out"),
        ];
        var (exitCode, _, error) = await TiRunner.RunAsync(arguments);
        Assert.Equal(1, exitCode);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Contains("--allow-unknown", error, StringComparison.Ordinal);
        Assert.DoesNotContain("nobody/nothing", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prompt_UnknownEmbeddingAllowed_IsText()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([
            "generate",
            .. Small,
            "--prompt",
            "a <zebra> <lora:x:0.8> AND {red|blue} __color__",
            "--allow-unknown",
            "--output",
            folder.File("out.png"),
        ]);
        Assert.Equal(0, exitCode);
        foreach (var part in new[] { "<zebra>", "<lora:x:0.8>", "AND", "{red|blue}", "__color__" })
            Assert.Contains(
                error.Split('\n'),
                line =>
                    line.StartsWith("warning: ", StringComparison.Ordinal)
                    && line.Contains(part, StringComparison.Ordinal)
            );
    }

    [Theory]
    [InlineData("a [cat:dog:1]", "a cat", "a dog")]
    [InlineData("a [cat|dog]", "a dog", "a cat")]
    public async Task Prompt_Schedule_ChangesTheImage(string prompt, string one, string other)
    {
        await MakeAsync("scheduled.png", "--prompt", prompt, "--seed", "1");
        await MakeAsync("one.png", "--prompt", one, "--seed", "1");
        await MakeAsync("other.png", "--prompt", other, "--seed", "1");
        await MakeAsync("all.png", "--prompt", "a [cat:dog:2]", "--seed", "1");
        await MakeAsync("cat.png", "--prompt", "a cat", "--seed", "1");
        Assert.NotEqual(Pixels("one.png"), Pixels("scheduled.png"));
        Assert.NotEqual(Pixels("other.png"), Pixels("scheduled.png"));
        Assert.Equal(Pixels("cat.png"), Pixels("all.png"));
    }

    [Fact]
    public async Task From_ImageOfAnotherProgram_SaysWhatIsNotTakenOver()
    {
        const string Parameters =
            "a cat\nSteps: 2, Sampler: Euler a, Schedule type: Exponential, CFG scale: 4, Seed: 7, Size: 32x40, "
            + "Model hash: 123, Model: dreamy_v5, Denoising strength: 0.3, Hires upscale: 2, "
            + "Lora hashes: \"x: 12\", ADetailer model: face, Version: v1.10";
        ImageFile.Write(folder.File("webui.png"), new byte[8 * 8 * 3], 8, 8, Parameters, overwrite: false);

        var (exitCode, _, error) = await TiRunner.RunAsync(
            "generate",
            "--from",
            folder.File("webui.png"),
            "--model",
            "demo",
            "--output",
            folder.File("out.png")
        );

        Assert.True(exitCode == 0, error);
        var line = Assert.Single(error.Split('\n'), text => text.Contains("not taken over", StringComparison.Ordinal));
        foreach (
            var part in new[] { "dreamy_v5", "hires fix", "LoRA", "Schedule type Exponential", "ADetailer model face" }
        )
            Assert.Contains(part, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Grid_TwoStrengths_AreKeptApart()
    {
        string[] both =
        [
            "generate",
            .. Small,
            "--prompt",
            "a <my-cat>",
            "--embedding",
            WriteEmbedding("my-cat", initializer: "cat"),
            "--init-image",
            Goldens.Sample("my-cat", "1.png"),
            "--seed",
            "1",
        ];
        var (ambiguous, _, error) = await TiRunner.RunAsync([.. both, "--grid-x", "strength=0.5,1"]);
        Assert.Equal(1, ambiguous);
        Assert.Contains("image-strength or embedding-strength", error, StringComparison.Ordinal);

        var (exitCode, _, problem) = await TiRunner.RunAsync([
            .. both,
            "--grid-x",
            "image-strength=0.5,1",
            "--grid-y",
            "embedding-strength=0,1",
            "--output",
            folder.File("out"),
        ]);
        Assert.True(exitCode == 0, problem);
        var images = Enumerable.Range(1, 4).Select(i => Convert.ToHexString(Pixels($"out/000{i}.png"))).ToList();
        Assert.Equal(4, images.Distinct().Count());
    }

    [Fact]
    public async Task Prompt_OfAMegabyte_IsRefusedAtOnce()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync(
            "generate",
            "--model",
            "nobody/nothing",
            "--prompt",
            new string('a', 1 << 20)
        );
        Assert.Equal(2, exitCode);
        Assert.Contains("--prompt: the prompt has 1048576 characters", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InitImage_NoSize_TakesTheImagesShape()
    {
        ImageFile.Write(folder.File("wide.png"), new byte[60 * 20 * 3], 60, 20, "", overwrite: false);
        await TiRunner.RunAsync(
            "generate",
            "--model",
            "demo",
            "--steps",
            "2",
            "--strength",
            "0.5",
            "--prompt",
            "a cat",
            "--init-image",
            folder.File("wide.png"),
            "--output",
            folder.File("out.png")
        );

        var image = ImageDecoder.Decode(folder.File("out.png"));
        Assert.Equal(3 * image.HeightPixels, image.WidthPixels);
    }

    [Theory]
    [InlineData("--grid-x colour=red: There is no axis colour", "--grid-x", "colour=red")]
    [InlineData("too many values", "--grid-x", "seed=1..1000")]
    [InlineData("no values", "--grid-x", "seed=4..1")]
    [InlineData("x is not a number", "--grid-x", "steps=x")]
    [InlineData("needs an embedding", "--grid-y", "strength=0,1")]
    [InlineData("belongs to --init-image", "--strength", "0.5")]
    [InlineData("--eta 2", "--eta", "2")]
    [InlineData("--clip-skip 0", "--clip-skip", "0")]
    [InlineData("--clip-skip 99: the text encoder has", "--clip-skip", "99")]
    [InlineData("--batch 0", "--batch", "0")]
    [InlineData("--batch many: choose auto, or at least 1", "--batch", "many")]
    [InlineData("--count 0", "--count", "0")]
    [InlineData("no such embedding", "--embedding", "nowhere.pt@0.5")]
    public async Task Generate_BadValue_SaysWhat(string expected, string option, string value)
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([
            "generate",
            .. Small,
            "--prompt",
            "a cat",
            "--output",
            folder.File("out"),
            option,
            value,
        ]);
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains(
            expected[(expected.IndexOf(": ", StringComparison.Ordinal) + 1)..].Trim(),
            error,
            StringComparison.Ordinal
        );
        Assert.False(Directory.Exists(folder.File("out")));
    }

    [Fact]
    public async Task Embedding_StrengthWithoutARecordedWord_SaysWhatToDo()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([
            "generate",
            .. Small,
            "--prompt",
            "a <my-cat>",
            "--embedding",
            WriteEmbedding("my-cat", initializer: null) + "@0.5",
            "--output",
            folder.File("out"),
        ]);
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("does not say which word it started from", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task From_ImageWithoutSettings_SaysSo()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync("generate", "--from", Goldens.Sample("my-cat", "1.png"));
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("has no settings inside", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("afile/in/it", "cannot be written")]
    [InlineData("afile", "is a file; name a folder")]
    [InlineData("out.gif", "images are written as .png, .jpg, .jpeg, .webp")]
    public async Task Output_NotWritable_IsSaidBeforeGenerating(string output, string expected)
    {
        await File.WriteAllTextAsync(folder.File("afile"), "");
        var (exitCode, _, error) = await TiRunner.RunAsync([
            "generate",
            .. Small,
            "--prompt",
            "a cat",
            "--output",
            folder.File(output),
        ]);
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("step ", error, StringComparison.Ordinal);
        Assert.Equal([folder.File("afile")], Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task Generate_NoPrompt_IsWrongUsage() =>
        Assert.Equal(2, (await TiRunner.RunAsync("generate", "--model", "demo")).ExitCode);

    private async Task MakeAsync(string file, params string[] more)
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([
            "generate",
            .. Small,
            "--output",
            folder.File(file),
            .. more,
        ]);
        Assert.True(exitCode == 0, error);
    }

    private byte[] Pixels(string file) => ImageDecoder.Decode(folder.File(file)).Pixels;

    private string WriteEmbedding(string name, string? initializer, string? trigger = null)
    {
        using var rows = randn([1, 128], generator: new Generator(1)) * 0.05;
        var metadata = new Dictionary<string, string>();
        if (initializer is not null)
            metadata["initializer"] = initializer;
        SafetensorsFile.Write(
            folder.File($"{name}.safetensors"),
            new Dictionary<string, Tensor> { [trigger ?? $"<{name}>"] = rows },
            metadata,
            overwrite: false
        );
        return folder.File($"{name}.safetensors");
    }
}
