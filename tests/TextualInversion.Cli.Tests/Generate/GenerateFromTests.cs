using TextualInversion.Generation;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Generate;

/// <summary><c>ti generate --from</c>: images repeated from the settings inside them.</summary>
[Trait("Category", "EndToEnd")]
public sealed class GenerateFromTests : IDisposable
{
    private readonly GenerateFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task From_ImageWithEverythingInIt_IsRepeatedToTheByte()
    {
        var embedding = folder.WriteEmbedding("my-cat", initializer: "cat");
        await folder.MakeAsync(
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
        await folder.MakeAsync("first.webp", "--prompt", "a cat", "--seed", "7");
        await folder.MakeAsync("third.webp", "--prompt", "a cat", "--seed", "9");

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

    [Theory]
    [InlineData("Sampler: Restart", "the sampler Restart")]
    [InlineData("Sampler: DPM adaptive, Schedule type: Karras", "the sampler DPM adaptive", "Schedule type Karras")]
    [InlineData("Sampler: Euler a, Schedule type: Karras", "Schedule type Karras")]
    public async Task From_SamplerThatIsNotKnown_IsNamedAndReplaced(string sampler, params string[] dropped)
    {
        var parameters = $"a cat\nSteps: 2, {sampler}, CFG scale: 4, Seed: 7, Size: 32x40, Model: demo";
        ImageFile.Write(folder.File("webui.png"), new byte[8 * 8 * 3], 8, 8, parameters, overwrite: false);

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
        Assert.All(dropped, part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.True(File.Exists(folder.File("out.png")));
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
        foreach (var part in new[] { "dreamy_v5", "hires fix", "Schedule type Exponential", "ADetailer model face" })
            Assert.Contains(part, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task From_ImageWithoutSettings_SaysSo()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync("generate", "--from", Goldens.Sample("my-cat", "1.png"));
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("has no settings inside", error, StringComparison.Ordinal);
    }
}
