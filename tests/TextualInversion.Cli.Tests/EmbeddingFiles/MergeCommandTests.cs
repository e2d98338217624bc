using System.Text.Json;
using TextualInversion.Embeddings;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.EmbeddingFiles;

/// <summary><c>ti merge</c>.</summary>
public sealed class MergeCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Merge_Concatenate_HasAllRowsInOrder()
    {
        string a = folder.WriteEmbedding("a.safetensors", "<a>", [1, 2]),
            b = folder.WriteEmbedding("b.safetensors", "<b>", [3, 4], [5, 6]);
        var (exitCode, output, _) = await TiRunner.RunAsync(
            "merge",
            a,
            b,
            "--output",
            folder.File("ab.safetensors"),
            "--json"
        );
        Assert.Equal(0, exitCode);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(3, json.RootElement.GetProperty("embeddings")[0].GetProperty("vectors").GetInt32());
        using var merged = EmbeddingFile.Read(folder.File("ab.safetensors"));
        Assert.Equal("<ab>", merged.Trigger);
        Assert.Equal([1f, 2, 3, 4, 5, 6], EmbeddingSamples.Values(merged));
    }

    [Fact]
    public async Task Merge_AverageWithWeights_IsTheWeightedMeanOfEachVector()
    {
        string a = folder.WriteEmbedding("a.safetensors", "<a>", [1, 2], [8, 4]),
            b = folder.WriteEmbedding("b.safetensors", "<b>", [5, 6], [0, 8]);
        var (exitCode, _, error) = await TiRunner.RunAsync(
            "merge",
            a,
            b,
            "--method",
            "average",
            "--weights",
            "3,1",
            "--output",
            folder.File("m.safetensors")
        );
        Assert.True(exitCode == 0, error);
        using var merged = EmbeddingFile.Read(folder.File("m.safetensors"));
        Assert.Equal(2, merged.Vectors);
        Assert.Equal([2f, 3, 6, 5], EmbeddingSamples.Values(merged));
    }

    [Fact]
    public async Task Merge_EmbeddingsForNegativePrompts_KeepTheirMarkOnlyIfAllHaveIt()
    {
        string a = Negative("a"),
            b = Negative("b"),
            plain = folder.WriteEmbedding("plain.safetensors", "<plain>", [1, 2]);

        var (_, _, error) = await AverageAsync("both.safetensors", a, b);
        Assert.DoesNotContain("negative", error, StringComparison.Ordinal);
        using var both = EmbeddingFile.Read(folder.File("both.safetensors"));
        Assert.True(ModelSpec.IsNegative(both.Provenance));

        (_, _, error) = await AverageAsync("one.safetensors", a, plain);
        Assert.Contains("<a> is marked for negative prompts and others are not", error, StringComparison.Ordinal);
        using var one = EmbeddingFile.Read(folder.File("one.safetensors"));
        Assert.False(ModelSpec.IsNegative(one.Provenance));

        string Negative(string name)
        {
            using var embedding = new LearnedEmbedding(
                $"<{name}>",
                [TorchSharp.torch.ones([1, 2])],
                new Dictionary<string, string> { [ModelSpec.NegativeKey] = "true" }
            );
            EmbeddingFile.Write(folder.File($"{name}.safetensors"), embedding, overwrite: false);
            return folder.File($"{name}.safetensors");
        }

        Task<(int ExitCode, string Output, string Error)> AverageAsync(string output, params string[] files) =>
            TiRunner.RunAsync(["merge", .. files, "--method", "average", "--output", folder.File(output)]);
    }

    [Fact]
    public async Task Merge_SlerpInSteps_GoesFromOneToTheOther()
    {
        string a = folder.WriteEmbedding("a.safetensors", "<a>", [1, 0]),
            b = folder.WriteEmbedding("b.safetensors", "<b>", [0, 3]);
        var (exitCode, output, _) = await TiRunner.RunAsync(
            "merge",
            a,
            b,
            "--method",
            "slerp",
            "--steps",
            "3",
            "--output",
            folder.File("m.safetensors")
        );
        Assert.Equal(0, exitCode);
        Assert.Equal(3, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        using LearnedEmbedding first = EmbeddingFile.Read(folder.File("m-1.safetensors")),
            middle = EmbeddingFile.Read(folder.File("m-2.safetensors")),
            last = EmbeddingFile.Read(folder.File("m-3.safetensors"));
        Assert.Equal([1f, 0], EmbeddingSamples.Values(first));
        Assert.All(EmbeddingSamples.Values(middle), value => Assert.Equal(Math.Sqrt(2), value, 5));
        Assert.Equal(3, EmbeddingSamples.Values(last)[1], 5);
        Assert.Equal("<m-2>", middle.Trigger);
    }

    [Fact]
    public async Task Merge_Split_WritesAFileForEachRow()
    {
        var a = folder.WriteEmbedding("a.safetensors", "<a>", [1, 2], [3, 4]);
        Assert.Equal(
            0,
            (
                await TiRunner.RunAsync(
                    "merge",
                    a,
                    "--method",
                    "split",
                    "--trigger",
                    "our-cat",
                    "--output",
                    folder.File("s.safetensors")
                )
            ).ExitCode
        );
        using var second = EmbeddingFile.Read(folder.File("s-2.safetensors"));
        Assert.Equal("<our-cat-2>", second.Trigger);
        Assert.Equal([3f, 4], EmbeddingSamples.Values(second));
    }

    [Theory]
    [InlineData("takes two embeddings or more, and 1 is named", "a.safetensors")]
    [InlineData("for different models", "a.safetensors", "wide.safetensors")]
    [InlineData(
        "only embeddings of equally many can be mixed",
        "a.safetensors",
        "two.safetensors",
        "--method",
        "average"
    )]
    [InlineData("belongs to --method average", "a.safetensors", "a.safetensors", "--weights", "1,2")]
    [InlineData(
        "There are 3 weights for 2",
        "a.safetensors",
        "a.safetensors",
        "--method",
        "average",
        "--weights",
        "1,2,3"
    )]
    [InlineData("add up to nothing", "a.safetensors", "a.safetensors", "--method", "average", "--weights", "1,-1")]
    [InlineData("--at 1.5", "a.safetensors", "a.safetensors", "--method", "slerp", "--at", "1.5")]
    public async Task Merge_WhatDoesNotFit_SaysWhy(string message, params string[] arguments)
    {
        folder.WriteEmbedding("a.safetensors", "<a>", [1, 2]);
        folder.WriteEmbedding("two.safetensors", "<two>", [1, 2], [3, 4]);
        folder.WriteEmbedding("wide.safetensors", "<wide>", [1, 2, 3]);
        var (exitCode, _, error) = await TiRunner.RunAsync([
            "merge",
            .. arguments.Select(argument =>
                argument.EndsWith(".safetensors", StringComparison.Ordinal) ? folder.File(argument) : argument
            ),
            "--output",
            folder.File("out.safetensors"),
        ]);
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains(message, error);
        Assert.False(File.Exists(folder.File("out.safetensors")));
    }

    [Fact]
    public async Task Merge_ExtensionOfAnotherLayout_IsRefused()
    {
        folder.WriteEmbedding("a.safetensors", "<a>", [1, 2]);
        var file = folder.File("a.safetensors");

        var (exitCode, _, error) = await TiRunner.RunAsync("merge", file, file, "--output", folder.File("out.png"));

        Assert.Equal(2, exitCode);
        Assert.Contains("ends in .safetensors", error);
        Assert.False(File.Exists(folder.File("out.png")));
    }

    [Fact]
    public async Task Merge_MoreVectorsThanAPromptHolds_IsWarnedAbout()
    {
        var many = folder.WriteEmbedding("a.safetensors", "<a>", [.. Enumerable.Repeat(new float[] { 1, 2 }, 40)]);
        var (exitCode, _, error) = await TiRunner.RunAsync(
            "merge",
            many,
            many,
            "--output",
            folder.File("b.safetensors")
        );
        Assert.Equal(0, exitCode);
        Assert.StartsWith("warning: <b> has 80 vectors", error);
    }

    [Fact]
    public async Task Merge_SlerpFromARowOfZeros_GoesStraight()
    {
        var zero = folder.WriteEmbedding("a.safetensors", "<a>", [0, 0]);
        var other = folder.WriteEmbedding("b.safetensors", "<b>", [2, 4]);
        var output = folder.File("c.safetensors");
        Assert.Equal(
            0,
            (await TiRunner.RunAsync("merge", zero, other, "--method", "slerp", "--output", output)).ExitCode
        );
        using var read = EmbeddingFile.Read(output);
        Assert.Equal([1f, 2], EmbeddingSamples.Values(read));
    }
}
