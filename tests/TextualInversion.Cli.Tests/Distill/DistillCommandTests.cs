using System.Text.Json;
using TextualInversion.Embeddings;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Distill;

/// <summary><c>ti distill</c>, on small random models.</summary>
public sealed class DistillCommandTests : IDisposable
{
    private const string Prompt = "a photo of a small red cat on a wooden table at night";

    private readonly TemporaryFolder folder = new();

    private string Output => folder.File("night-cat.safetensors");

    public void Dispose() => folder.Dispose();

    [Theory]
    [Trait("Category", "EndToEnd")]
    [MemberData(nameof(GoldenModel.Names), MemberType = typeof(GoldenModel))]
    public async Task Distill_EachFamily_WritesItsLayoutWithPromptAndModel(string name)
    {
        var (exitCode, output, error) = await DistillAsync(name, Prompt, "--json");

        Assert.True(exitCode == 0, error);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(2, json.RootElement.GetProperty("vectors").GetInt32());
        Assert.Equal(Output, json.RootElement.GetProperty("embedding").GetString());
        using var embedding = EmbeddingFile.Read(Output);
        Assert.Equal("<night-cat>", embedding.Trigger);
        Assert.Equal(2, embedding.Vectors);
        Assert.Equal(name == "sdxl" ? 2 : 1, embedding.Rows.Count);
        var provenance = EmbeddingProvenance.FromMetadata(embedding.Provenance);
        Assert.Equal(Goldens.Path("models", name), provenance.BaseModel);
        Assert.Matches("^[0-9a-f]{64}$", provenance.BaseModelSha256);
        Assert.Equal(Prompt, provenance.Others["distilled_from"]);
        Assert.False(ModelSpec.IsNegative(embedding.Provenance));
    }

    [Theory]
    [Trait("Category", "EndToEnd")]
    [InlineData("noise")]
    [InlineData("states")]
    public async Task Distill_MoreSteps_ComeNearerThanTheBestTokens(string target)
    {
        var words = await NoiseAsync("--steps", "0", "--target", target);
        var learned = await NoiseAsync("--steps", "40", "--target", target, "--overwrite");

        Assert.True(learned.Vectors < 0.9 * words.Vectors, $"{learned.Vectors} {words.Vectors}");
        Assert.True(learned.Vectors < learned.FirstWords, $"{learned.Vectors} {learned.FirstWords}");
        Assert.Equal(words.FirstWords, learned.FirstWords);

        async Task<(double Vectors, double FirstWords)> NoiseAsync(params string[] options)
        {
            var (exitCode, output, error) = await DistillAsync("sd1", Prompt, ["--json", .. options]);
            Assert.True(exitCode == 0, error);
            using var json = JsonDocument.Parse(output);
            var compared = json.RootElement.GetProperty("compared");
            Assert.Equal(1, compared[2].GetProperty("noise").GetDouble());
            return (compared[0].GetProperty("noise").GetDouble(), compared[1].GetProperty("noise").GetDouble());
        }
    }

    [Fact]
    [Trait("Category", "EndToEnd")]
    public async Task Distill_SameSeed_GivesTheSameBytesAndAnotherSeedOthers()
    {
        await DistillAsync("sd1", Prompt);
        var first = await File.ReadAllBytesAsync(Output);
        await DistillAsync("sd1", Prompt, "--overwrite");
        var again = await File.ReadAllBytesAsync(Output);
        await DistillAsync("sd1", Prompt, "--overwrite", "--seed", "2");

        Assert.Equal(first, again);
        Assert.NotEqual(first, await File.ReadAllBytesAsync(Output));
    }

    [Fact]
    [Trait("Category", "EndToEnd")]
    public async Task Distill_Embedding_IsShortenedAndNamedAfterIt()
    {
        await DistillAsync("sd1", Prompt, "--vectors", "4");

        var (exitCode, output, error) = await DistillAsync(
            "sd1",
            prompt: null,
            "--embedding",
            Output,
            "--output",
            folder.File("short.safetensors")
        );

        Assert.True(exitCode == 0, error);
        Assert.Contains("<night-cat-2>: 2 vectors in place of 4 tokens", error);
        Assert.Contains("its first 2 vectors", output);
        using var embedding = EmbeddingFile.Read(folder.File("short.safetensors"));
        Assert.Equal("<night-cat-2>", embedding.Trigger);
        Assert.Equal("<night-cat>", embedding.Provenance["distilled_from"]);
    }

    [Fact]
    [Trait("Category", "EndToEnd")]
    public async Task Distill_NegativeEmbeddingOfALongPrompt_IsMarkedAndUsable()
    {
        var prompt = string.Join(
            ", ",
            Enumerable.Range(0, 30).Select(i => $"({(i % 2 == 0 ? "red cat" : "blue")}:1.2)")
        );

        var (exitCode, output, error) = await DistillAsync("sd1", prompt, "--negative-embedding", "--compare", "2");

        Assert.True(exitCode == 0, error);
        Assert.Contains("in place of 74 tokens", error);
        Assert.Contains("Its images are nearer than those of its first 2 words by", output);
        using var embedding = EmbeddingFile.Read(Output);
        Assert.True(ModelSpec.IsNegative(embedding.Provenance));

        // Its short form is for negative prompts too.
        var path = folder.File("short.safetensors");
        string[] again = ["--embedding", Output, "--output", path, "--vectors", "1"];
        (exitCode, _, error) = await DistillAsync("sd1", prompt: null, again);
        Assert.True(exitCode == 0, error);
        Assert.Contains("<night-cat> is marked for negative prompts, and so is <night-cat-1>", error);
        using var shortened = EmbeddingFile.Read(path);
        Assert.True(ModelSpec.IsNegative(shortened.Provenance));
    }

    [Theory]
    [InlineData(2, "--vectors", "--vectors", "75")]
    [InlineData(2, "--vectors 20: the prompt has 13 tokens itself", "--vectors", "20")]
    [InlineData(2, "--batch", "--batch", "0")]
    [InlineData(2, "--token", "--token", "a(b")]
    public async Task Distill_WrongValue_IsRefusedAndNothingIsWritten(
        int expected,
        string message,
        params string[] options
    )
    {
        var (exitCode, _, error) = await DistillAsync("sd1", Prompt, options);

        Assert.Equal(expected, exitCode);
        Assert.Contains(message, error);
        Assert.False(File.Exists(Output));
    }

    [Fact]
    public async Task Distill_NeitherPromptNorEmbedding_IsRefused()
    {
        var (exitCode, _, error) = await DistillAsync("sd1", prompt: null);

        Assert.Equal(2, exitCode);
        Assert.Contains("Name the prompt to distill, or with --embedding the embedding.", error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("<lora:style:1>")]
    public async Task Distill_EmptyPrompt_IsRefused(string prompt)
    {
        var (exitCode, _, error) = await DistillAsync("sd1", prompt);

        Assert.Equal(2, exitCode);
        Assert.Contains("The prompt is empty; write what to distill", error);
    }

    [Fact]
    public async Task Distill_StatesOfTwoParts_AreRefusedWithTheOption()
    {
        var (exitCode, _, error) = await DistillAsync("sd1", "a red cat BREAK on a table", "--target", "states");

        Assert.Equal(2, exitCode);
        Assert.Contains("--target states: the prompt has 6 tokens", error);
        Assert.DoesNotContain("generating", error);
    }

    [Theory]
    [InlineData("a [cat:dog:0.5] on a beach", "changes while an image is generated")]
    [InlineData("a <nobody> on a red beach", "No embedding is called <nobody>")]
    public async Task Distill_PromptThatVectorsCannotHold_IsRefused(string prompt, string message)
    {
        var (exitCode, _, error) = await DistillAsync("sd1", prompt);

        Assert.Equal(1, exitCode);
        Assert.Contains(message, error);
        Assert.False(File.Exists(Output));
    }

    [Fact]
    public async Task Distill_FolderThatCannotBe_IsRefusedBeforeTheWork()
    {
        var path = Path.Combine(folder.Write("note.txt", "mine"), "x.safetensors");
        var (exitCode, _, error) = await DistillAsync("sd1", Prompt, "--output", path);
        Assert.Equal(1, exitCode);
        Assert.Contains("is a file, not a folder", error, StringComparison.Ordinal);
        Assert.DoesNotContain("generating", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Distill_ExistingFile_IsRefusedBeforeTheWork()
    {
        await File.WriteAllTextAsync(Output, "mine");

        var (exitCode, _, error) = await DistillAsync("sd1", Prompt);

        Assert.Equal(1, exitCode);
        Assert.Contains("exists", error);
        Assert.Equal("mine", await File.ReadAllTextAsync(Output));
    }

    private Task<(int ExitCode, string Output, string Error)> DistillAsync(
        string model,
        string? prompt,
        params string[] more
    )
    {
        var standard = new Dictionary<string, string>
        {
            ["--model"] = Goldens.Path("models", model),
            ["--vectors"] = "2",
            ["--token"] = "night-cat",
            ["--output"] = Output,
            ["--seed"] = "1",
            ["--steps"] = "3",
            ["--batch"] = "2",
            ["--compare"] = "0",
        };
        if (prompt is null)
            standard.Remove("--token");
        string[] text = prompt is null ? [] : [prompt];
        var rest = standard
            .Where(option => !more.Contains(option.Key))
            .SelectMany(option => new[] { option.Key, option.Value });
        return TiRunner.RunAsync(["distill", .. text, .. rest, .. more]);
    }
}
