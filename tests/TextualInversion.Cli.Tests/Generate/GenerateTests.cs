using TextualInversion.Data;
using TextualInversion.Generation;

namespace TextualInversion.Cli.Tests.Generate;

/// <summary><c>ti generate</c> on the demo model, with small images and few steps.</summary>
[Trait("Category", "EndToEnd")]
public sealed class GenerateTests : IDisposable
{
    private readonly GenerateFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Batch_ImagesTogether_AreThoseMadeAloneToTheByte()
    {
        foreach (var batch in new[] { "auto", "3" }) // with a sampler that adds noise
            await TiRunner.RunAsync([
                "generate",
                .. GenerateFolder.Small,
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
    [InlineData("--grid-x colour=red: there is no axis colour", "--grid-x", "colour=red")]
    [InlineData("too many values", "--grid-x", "seed=1..1000")]
    [InlineData("no values", "--grid-x", "seed=4..1")]
    [InlineData("x is not a number", "--grid-x", "steps=x")]
    [InlineData("--grid-x sampler=zzz: There is no sampler zzz.", "--grid-x", "sampler=zzz")]
    [InlineData("--grid-y strength=0,1: needs an embedding", "--grid-y", "strength=0,1")]
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
            .. GenerateFolder.Small,
            "--prompt",
            "a cat",
            "--output",
            folder.File("out"),
            option,
            value,
        ]);
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("out")));
    }

    [Fact]
    public async Task Embedding_StrengthWithoutARecordedWord_SaysWhatToDo()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([
            "generate",
            .. GenerateFolder.Small,
            "--prompt",
            "a <my-cat>",
            "--embedding",
            folder.WriteEmbedding("my-cat", initializer: null) + "@0.5",
            "--output",
            folder.File("out"),
        ]);
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("does not say which word it started from", error, StringComparison.Ordinal);
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
            .. GenerateFolder.Small,
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
}
