using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Tests.Sweep;
using TextualInversion.Embeddings;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Train;

/// <summary><c>train --concept</c>: several concepts on one loaded model.</summary>
[Trait("Category", "EndToEnd")]
public sealed class ConceptTests : IDisposable
{
    private readonly SweepTestFolder folder = new();

    public ConceptTests()
    {
        folder.Images("cat");
        folder.Images("dog", "my-dog");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Train_TwoConcepts_GivesTheBytesOfEachAlone()
    {
        var (exitCode, output, error) = await RunAsync(
            "together",
            ["--seed", "1", "--json", .. Concept("my-cat", "cat"), .. Concept("my-dog", "dog", " vectors=2")]
        );

        Assert.True(exitCode == 0, error);
        using var document = JsonDocument.Parse(output);
        Assert.Equal(2, document.RootElement.GetProperty("concepts").GetArrayLength());
        await AssertAloneAsync("my-cat", "cat");
        await AssertAloneAsync("my-dog", "dog", "--vectors", "2");
    }

    [Fact]
    public async Task Train_TwoConceptsAtOnce_LearnsNearlyTheVectorsOfEachAlone()
    {
        var (exitCode, output, error) = await RunAsync(
            "together",
            [
                "--concepts-at-once",
                "2",
                "--seed",
                "1",
                "--optimizer",
                "adamw",
                .. Concept("my-cat", "cat"),
                .. Concept("my-dog", "dog", " vectors=2"),
            ]
        );

        Assert.True(exitCode == 0, error);
        Assert.Equal(
            ["my-cat.safetensors", "my-dog.safetensors"],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Path.GetFileName)
        );
        Assert.Contains("<my-cat>: step 3/3", error, StringComparison.Ordinal);
        Assert.Contains("<my-dog>: step 3/3", error, StringComparison.Ordinal);
        await TrainAloneAsync("my-cat", "cat", "--optimizer", "adamw");
        await TrainAloneAsync("my-dog", "dog", "--vectors", "2", "--optimizer", "adamw");
        AssertNear("my-cat");
        AssertNear("my-dog");
    }

    [Fact]
    public async Task Train_AtOnceWithoutConcepts_IsRefused()
    {
        string[] own = ["--token", "my-cat", "--images", folder.File("cat"), "--concepts-at-once", "2"];
        var (exitCode, _, error) = await RunAsync("alone", own);

        Assert.Equal(ExitCode.WrongUsage, exitCode);
        Assert.Contains("--concepts-at-once: is for independent concepts", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public async Task Train_OneConceptFails_TrainsTheOther(string atOnce)
    {
        await File.WriteAllTextAsync(folder.File("cat/1.txt"), new string('x', 10));
        await File.WriteAllBytesAsync(
            folder.File("dog/1.png"),
            (await File.ReadAllBytesAsync(folder.File("dog/1.png")))[..200]
        );

        var (exitCode, output, error) = await RunAsync(
            "together",
            [
                .. Concept("my-dog", "dog"),
                .. Concept("my-cat", "cat", " captions=off"),
                "--seed",
                "1",
                "--concepts-at-once",
                atOnce,
            ]
        );

        Assert.Equal(ExitCode.Problem, exitCode);
        Assert.Contains("error: <my-dog>: ", error, StringComparison.Ordinal);
        Assert.Equal("my-cat.safetensors", Path.GetFileName(output.Trim()));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public async Task Train_OneConceptDiverges_KeepsItsBestRowsAndTrainsTheOther(string atOnce)
    {
        var (exitCode, output, error) = await RunAsync(
            "together",
            [
                .. Concept("my-dog", "dog", " learning-rate=1e30"),
                .. Concept("my-cat", "cat"),
                "--seed",
                "1",
                "--optimizer",
                "adamw",
                "--concepts-at-once",
                atOnce,
            ]
        );

        Assert.Equal(ExitCode.Problem, exitCode);
        Assert.Contains("error: <my-dog>: Training diverged after step 1", error, StringComparison.Ordinal);
        Assert.Equal(
            ["my-dog.safetensors", "my-cat.safetensors"],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Path.GetFileName)
        );
        using var kept = EmbeddingFile.Read(folder.File("together/embeddings/my-dog.safetensors"));
        Assert.Equal("0", kept.Provenance["steps"]);
        await TrainAloneAsync("my-cat", "cat", "--optimizer", "adamw");
        AssertNear("my-cat");
    }

    [Theory]
    [InlineData("token=my-cat", "Option '--images' is required.")]
    [InlineData("token=my-cat images=cat stepz=3", "--stepz: unknown option. Did you mean --steps?")]
    [InlineData("token=my-cat images=cat output=x", "output is for all concepts; write --output.")]
    [InlineData("token=my-cat images=cat steps=5", "steps is given as --steps too; leave one out.")]
    [InlineData("my-cat", "write options with values")]
    public async Task Train_ConceptThatCannotBeRead_IsRefused(string concept, string expected)
    {
        var (exitCode, _, error) = await RunAsync("together", ["--concept", concept]);

        Assert.Equal(ExitCode.WrongUsage, exitCode);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_TwoConceptsOfOneTokenOrWithResume_AreRefused()
    {
        var (_, _, twice) = await RunAsync("together", [.. Concept("my-cat", "cat"), .. Concept("<MY-CAT>", "dog")]);
        Assert.Contains("is the token of several", twice, StringComparison.Ordinal);

        var (exitCode, _, resumed) = await RunAsync("together", [.. Concept("my-cat", "cat"), "--name", "x"]);
        Assert.Equal(ExitCode.WrongUsage, exitCode);
        Assert.Contains("--name: is for one concept", resumed, StringComparison.Ordinal);
    }

    private string[] Concept(string token, string images, string more = "") =>
        ["--concept", $"token={token} \"images={folder.File(images)}\" initializer={images}{more}"];

    private Task<(int ExitCode, string Output, string Error)> RunAsync(string output, string[] more) =>
        TiRunner.RunAsync([
            "train",
            "--model",
            SweepTestFolder.Model,
            "--output",
            folder.File(output),
            .. SweepTestFolder.ShortOptions,
            .. more,
        ]);

    private async Task TrainAloneAsync(string token, string images, params string[] more)
    {
        string[] own = ["--token", token, "--images", folder.File(images), "--initializer", images, "--seed", "1"];
        var (exitCode, _, error) = await RunAsync("alone", [.. own, .. more]);
        Assert.True(exitCode == 0, error);
    }

    private void AssertNear(string token)
    {
        using var alone = EmbeddingFile.Read(folder.File($"alone/embeddings/{token}.safetensors"));
        using var together = EmbeddingFile.Read(folder.File($"together/embeddings/{token}.safetensors"));
        using var scope = NewDisposeScope();
        // The root mean square; the values move by some 0.005. See ConceptsAtOnceTests for the rounding.
        Assert.True((alone.Rows[0] - together.Rows[0]).square().mean().sqrt().item<float>() < 2e-4);
    }

    private async Task AssertAloneAsync(string token, string images, params string[] more)
    {
        await TrainAloneAsync(token, images, more);
        Assert.Equal(
            await File.ReadAllBytesAsync(folder.File($"alone/embeddings/{token}.safetensors")),
            await File.ReadAllBytesAsync(folder.File($"together/embeddings/{token}.safetensors"))
        );
    }
}
