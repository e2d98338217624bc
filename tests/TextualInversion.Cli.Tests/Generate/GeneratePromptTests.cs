using System.Text.Json;
using System.Text.Json.Nodes;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Generate;

/// <summary>Prompts of <c>ti generate</c>: embeddings, schedules and files.</summary>
[Trait("Category", "EndToEnd")]
public sealed class GeneratePromptTests : IDisposable
{
    private readonly GenerateFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Prompts_FileAndCount_MakeEachOfEach()
    {
        await File.WriteAllTextAsync(folder.File("prompts.txt"), "a cat\r\n\n a dog \n");

        var (exitCode, output, error) = await TiRunner.RunAsync([
            "generate",
            .. GenerateFolder.Small,
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
    public async Task Prompt_BareNameInTheNegative_IsTheEmbedding()
    {
        var embedding = folder.WriteEmbedding("BadHands", initializer: null);
        await folder.MakeAsync(
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
        await folder.MakeAsync(
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
        await folder.MakeAsync("without.png", "--prompt", "a cat", "--seed", "1");

        Assert.Equal(folder.Pixels("trigger.png"), folder.Pixels("bare.png"));
        Assert.NotEqual(folder.Pixels("without.png"), folder.Pixels("bare.png"));
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
            folder.WriteEmbedding("my-cat", initializer: null),
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

    /// <summary>A model that was saved whole after textual inversion has the learned token in its tokenizer.</summary>
    [Fact]
    public async Task Prompt_TokenOfTheModelItself_NeedsNoEmbedding()
    {
        using var other = new TemporaryFolder();
        var model = TiRunner.CopyOfDemoModel(other);
        AddToken(model, "<own>");
        string[] small = ["--model", model, .. GenerateFolder.Small[2..], "--seed", "1"];

        var (exitCode, _, error) = await TiRunner.RunAsync([
            "generate",
            .. small,
            "--prompt",
            "a <own>",
            "--output",
            folder.File("own.png"),
        ]);
        Assert.True(exitCode == 0, error);
        Assert.DoesNotContain("warning", error, StringComparison.Ordinal);

        (exitCode, _, error) = await TiRunner.RunAsync(["generate", .. small, "--prompt", "a <own> <other>"]);
        Assert.Equal(1, exitCode);
        Assert.Contains("No embedding is called <other>.", error, StringComparison.Ordinal);
        Assert.DoesNotContain("called <own>", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prompt_UnknownEmbeddingAllowed_IsText()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([
            "generate",
            .. GenerateFolder.Small,
            "--prompt",
            "a <zebra> <lora:x:0.8> <hypernet:y:1> AND {red|blue} __color__",
            "--allow-unknown",
            "--output",
            folder.File("out.png"),
        ]);
        Assert.Equal(0, exitCode);
        foreach (var part in new[] { "<zebra>", "<lora:x:0.8>", "<hypernet:y:1>", "AND", "{red|blue}", "__color__" })
            Assert.Contains(
                error.Split('\n'),
                line =>
                    line.StartsWith("warning: ", StringComparison.Ordinal)
                    && line.Contains(part, StringComparison.Ordinal)
            );
    }

    [Fact]
    public async Task Negative_WithoutGuidance_IsWarnedAbout()
    {
        string[] prompts = ["--prompt", "a cat", "--negative", "a dog", "--guidance", "1"];
        var (exitCode, _, error) = await TiRunner.RunAsync([
            "generate",
            .. GenerateFolder.Small,
            .. prompts,
            "--output",
            folder.File("out.png"),
        ]);
        Assert.Equal(0, exitCode);
        Assert.Contains("negative prompt has no effect", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a [cat:dog:1]", "a cat", "a dog")]
    [InlineData("a [cat|dog]", "a dog", "a cat")]
    public async Task Prompt_Schedule_ChangesTheImage(string prompt, string one, string other)
    {
        await folder.MakeAsync("scheduled.png", "--prompt", prompt, "--seed", "1");
        await folder.MakeAsync("one.png", "--prompt", one, "--seed", "1");
        await folder.MakeAsync("other.png", "--prompt", other, "--seed", "1");
        await folder.MakeAsync("all.png", "--prompt", "a [cat:dog:2]", "--seed", "1");
        await folder.MakeAsync("cat.png", "--prompt", "a cat", "--seed", "1");
        Assert.NotEqual(folder.Pixels("one.png"), folder.Pixels("scheduled.png"));
        Assert.NotEqual(folder.Pixels("other.png"), folder.Pixels("scheduled.png"));
        Assert.Equal(folder.Pixels("cat.png"), folder.Pixels("all.png"));
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

    /// <summary>Adds a token to the tokenizer of a model, and a row for it to the text encoder.</summary>
    private static void AddToken(string model, string token)
    {
        using var scope = NewDisposeScope();
        var path = Path.Combine(model, "text_encoder", "model.safetensors");
        var weights = SafetensorsFile.Open(path);
        var tensors = weights.Tensors.Keys.ToDictionary(key => key, key => weights.Read(key).clone());
        var (name, table) = tensors.Single(each =>
            each.Key.EndsWith("token_embedding.weight", StringComparison.Ordinal)
        );
        var count = table.shape[0];
        tensors[name] = cat([table, table[1..2]], dim: 0); // (V + 1, d)
        SafetensorsFile.Write(path, tensors, weights.Metadata, overwrite: true);
        var config = Path.Combine(model, "text_encoder", "config.json");
        var json = JsonNode.Parse(File.ReadAllText(config))!;
        json["vocab_size"] = count + 1;
        File.WriteAllText(config, json.ToJsonString());
        File.WriteAllText(
            Path.Combine(model, "tokenizer", "added_tokens.json"),
            JsonSerializer.Serialize(new Dictionary<string, long> { [token] = count })
        );
    }
}
