using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Tests.Sweep;
using TextualInversion.Embeddings;

namespace TextualInversion.Cli.Tests.Train;

/// <summary><c>train --together</c>: several words that occur in the same captions.</summary>
[Trait("Category", "EndToEnd")]
public sealed class TogetherTests : IDisposable
{
    private const string Run = "out/runs/my-cat+my-hat";
    private static readonly string[] Files =
    [
        "out/embeddings/my-cat.safetensors",
        "out/embeddings/my-hat.safetensors",
        $"{Run}/last-my-cat.safetensors",
        $"{Run}/last-my-hat.safetensors",
        $"{Run}/checkpoints/step-000002-my-cat.safetensors",
        $"{Run}/checkpoints/step-000002-my-hat.safetensors",
        $"{Run}/metrics.csv",
    ];

    private readonly SweepTestFolder folder = new();

    public TogetherTests()
    {
        folder.Images("pictures");
        folder.Write("pictures/1.txt", "a photo of a <my-cat> in my-hat");
        folder.Write("pictures/2.txt", "a photo of a <my-cat>");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Train_TwoWords_WritesAnEmbeddingOfEachAndResumesToTheSameBytes()
    {
        var (exitCode, output, error) = await TrainAsync([.. Words, "--steps", "4", "--json"]);

        Assert.True(exitCode == 0, error);
        using var document = JsonDocument.Parse(output);
        var words = document.RootElement.GetProperty("words").EnumerateArray().ToList();
        Assert.Equal(["<my-cat>", "<my-hat>"], words.Select(word => word.GetProperty("placeholder").GetString()));
        Assert.Equal(Files[..2].Select(folder.File), words.Select(word => word.GetProperty("embedding").GetString()));
        Assert.Contains("2 vectors, learning rate 0.005", error, StringComparison.Ordinal);
        AssertEmbedding("my-cat", "cat", vectors: 2);
        AssertEmbedding("my-hat", "ball", vectors: 1);
        Assert.Contains(
            "&lt;my-hat&gt; 1",
            await File.ReadAllTextAsync(folder.File($"{Run}/report.html")),
            StringComparison.Ordinal
        );

        var expected = Files.Select(file => File.ReadAllBytes(folder.File(file))).ToList();
        await TrainAsync([.. Words, "--steps", "2", "--overwrite"]);
        var (resumed, paths, message) = await TiRunner.RunAsync("train", "--resume", folder.File(Run), "--steps", "4");

        Assert.True(resumed == 0, message);
        Assert.Equal(2, paths.Trim().Split('\n').Length);
        Assert.Equal(expected, Files.Select(file => File.ReadAllBytes(folder.File(file))));
    }

    [Fact]
    public async Task Train_SampleEvery_GeneratesWithAllWords()
    {
        var (exitCode, _, error) = await TrainAsync([
            .. Words,
            "--sample-every",
            "2",
            "--sample-prompt",
            "a <my-cat> and a <my-hat>",
            "--sample-steps",
            "1",
        ]);

        Assert.True(exitCode == 0, error);
        Assert.True(File.Exists(folder.File($"{Run}/samples/step-000002-1.png")));
        Assert.True(File.Exists(folder.File($"{Run}/samples/step-000002-my-hat.safetensors")));
        var (_, image, _) = await TiRunner.RunAsync(
            "generate",
            "--from",
            folder.File($"{Run}/samples/step-000002-1.png"),
            "--output",
            folder.File("again")
        );
        Assert.Equal(
            await File.ReadAllBytesAsync(folder.File($"{Run}/samples/step-000002-1.png")),
            await File.ReadAllBytesAsync(image.Trim())
        );
    }

    [Fact]
    public async Task Train_EmbeddingOfOneWordExists_IsRefused()
    {
        folder.Write("out/embeddings/my-hat.safetensors", "x");

        var (exitCode, _, error) = await TrainAsync(Words);

        Assert.Equal(ExitCode.Problem, exitCode);
        Assert.Contains("my-hat.safetensors", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("out/runs")));
    }

    [Fact]
    public async Task Eval_RunOfSeveralWords_AsksForOne()
    {
        await TrainAsync([.. Words, "--steps", "1"]);

        var (exitCode, _, error) = await TiRunner.RunAsync("eval", "--run", folder.File(Run), "--model", "demo");

        Assert.Equal(ExitCode.WrongUsage, exitCode);
        Assert.Contains("has several words, <my-cat>, <my-hat>", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "token=my-hat initializer=ball",
        "--captions off",
        "--captions must be only for words that are trained"
    )]
    [InlineData("token=my-hat initializer=ball", "--seeds 2", "--together: is for one seed")]
    [InlineData("token=my-hat initializer=ball", "--preview --sample-every 1", "--preview: shows one word")]
    [InlineData("token=my-hat", "", "<my-hat> needs an initializer")]
    [InlineData("token=my-dog initializer=dog", "", "No caption of the training images names <my-dog>")]
    [InlineData("token=MY-CAT initializer=cat", "", "is the token of several")]
    [InlineData("token=my-hat initializer=ball batch=2", "", "share batch; write --batch")]
    public async Task Train_WordsThatDoNotFit_AreRefused(string second, string more, string expected)
    {
        var (exitCode, _, error) = await TrainAsync([
            .. Words[..2],
            "--concept",
            second,
            .. more.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        ]);

        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("out/embeddings")));
    }

    [Fact]
    public async Task Train_TogetherWithOneConceptOrWithoutCaption_IsRefused()
    {
        var (_, _, single) = await TrainAsync(Words[..2]);
        Assert.Contains("--together: trains several words", single, StringComparison.Ordinal);

        File.Delete(folder.File("pictures/2.txt"));
        var (exitCode, _, error) = await TrainAsync(Words);
        Assert.Equal(ExitCode.Problem, exitCode);
        Assert.Contains(
            "2.png: has no caption, which says which of <my-cat>, <my-hat>",
            error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Train_RateOfOneWord_MeansAdamWForAll()
    {
        var (exitCode, output, error) = await TrainAsync([.. Words, "--steps", "1", "--json"], namesOptimizer: false);

        Assert.True(exitCode == 0, error);
        using var document = JsonDocument.Parse(output);
        Assert.Equal(
            [0.005, 0.01],
            document
                .RootElement.GetProperty("words")
                .EnumerateArray()
                .Select(word => word.GetProperty("learningRate").GetDouble())
        );
        var record = await File.ReadAllTextAsync(folder.File($"{Run}/run.json"));
        Assert.Contains("\"optimizer\": \"adamW\"", record, StringComparison.Ordinal);
    }

    private static string[] Words { get; } =
    [
        "--concept",
        "token=my-cat initializer=cat vectors=2",
        "--concept",
        "token=my-hat initializer=ball vectors=1 learning-rate=0.01",
    ];

    private void AssertEmbedding(string name, string initializer, int vectors)
    {
        using var embedding = EmbeddingFile.Read(folder.File($"out/embeddings/{name}.safetensors"));
        Assert.Equal($"<{name}>", embedding.Trigger);
        Assert.Equal(vectors, embedding.Rows[0].shape[0]);
        Assert.Equal(initializer, embedding.Provenance["initializer"]);
    }

    private Task<(int ExitCode, string Output, string Error)> TrainAsync(string[] more, bool namesOptimizer = true) =>
        TiRunner.RunAsync([
            "train",
            "--together",
            "--model",
            SweepTestFolder.Model,
            "--images",
            folder.File("pictures"),
            "--output",
            folder.File("out"),
            "--seed",
            "1",
            "--batch",
            "1",
            "--resolution",
            "32",
            "--validate-every",
            "2",
            "--save-every",
            "2",
            .. namesOptimizer ? ["--optimizer", "adamw"] : Array.Empty<string>(),
            "--lr-schedule",
            "constant",
            "--patience",
            "0",
            .. more.Contains("--steps") ? more : [.. more, "--steps", "3"],
        ]);
}
