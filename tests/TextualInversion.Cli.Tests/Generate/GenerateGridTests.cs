using TextualInversion.Generation;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Generate;

/// <summary><c>ti generate --grid-x, --grid-y</c>.</summary>
[Trait("Category", "EndToEnd")]
public sealed class GenerateGridTests : IDisposable
{
    private readonly GenerateFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Grid_StrengthsAndSeeds_GoFromTheInitializerToTheLearned()
    {
        var embedding = folder.WriteEmbedding("my-cat", initializer: "cat");
        var (exitCode, _, error) = await TiRunner.RunAsync([
            "generate",
            .. GenerateFolder.Small,
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
        await folder.MakeAsync("word.png", "--prompt", "a cat", "--seed", "6");
        await folder.MakeAsync("learned.png", "--prompt", "a <my-cat>", "--embedding", embedding, "--seed", "5");

        Assert.Equal(folder.Pixels("word.png"), folder.Pixels("out/0003.png"));
        Assert.Equal(folder.Pixels("learned.png"), folder.Pixels("out/0002.png"));
        Assert.True(File.Exists(folder.File("out/grid-0001.png")));
        Assert.Contains("@0", ImageFile.ReadParameters(folder.File("out/0001.png")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Grid_CheckpointsIntoAFile_WritesTheSheetAlone()
    {
        var embedding = folder.WriteEmbedding("my-cat", initializer: "cat");
        folder.WriteEmbedding("step-1", initializer: "cat", trigger: "<my-cat>");

        var (exitCode, output, error) = await TiRunner.RunAsync([
            "generate",
            .. GenerateFolder.Small,
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
    public async Task Grid_TwoStrengths_AreKeptApart()
    {
        string[] both =
        [
            "generate",
            .. GenerateFolder.Small,
            "--prompt",
            "a <my-cat>",
            "--embedding",
            folder.WriteEmbedding("my-cat", initializer: "cat"),
            "--init-image",
            Goldens.Sample("my-cat", "1.png"),
            "--seed",
            "1",
        ];
        var (ambiguous, _, error) = await TiRunner.RunAsync([.. both, "--grid-x", "strength=0.5,1"]);
        TiRunner.AssertRefused(ambiguous, error);
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
        var images = Enumerable.Range(1, 4).Select(i => Convert.ToHexString(folder.Pixels($"out/000{i}.png"))).ToList();
        Assert.Equal(4, images.Distinct().Count());
    }
}
