using System.Text.Json;
using TextualInversion.Embeddings;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Train;

/// <summary><c>train --seeds</c> and <c>--initializer auto</c>, on a small random model.</summary>
[Trait("Category", "EndToEnd")]
public sealed class SeedsTests : IDisposable
{
    private const string Embedding = "embeddings/my-cat.safetensors",
        Run = "runs/my-cat";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Train_TwoSeeds_AreTheRunsOfEachAndTheBestIsKept()
    {
        using var json = await TrainAsync("both", "--seed", "1", "--seeds", "2");
        await TrainAsync("second", "--seed", "2");

        var seeds = json.RootElement.GetProperty("seeds").EnumerateArray().ToList();
        var best = seeds.MinBy(seed => seed.GetProperty("validation").GetProperty("best").GetDouble());
        Assert.Equal([1, 2], seeds.Select(seed => seed.GetProperty("seed").GetInt32()));
        Assert.Equal(best.GetProperty("seed").GetInt32(), json.RootElement.GetProperty("seed").GetInt32());
        Assert.Single(
            seeds.Select(seed => seed.GetProperty("validation").GetProperty("initial").GetDouble()).Distinct()
        );
        Assert.Equal(
            await BytesAsync($"second/{Embedding}"),
            await BytesAsync($"both/{Run}/seed-2/my-cat.safetensors")
        );
        Assert.Equal(
            await BytesAsync($"both/{Run}/seed-{best.GetProperty("seed")}/my-cat.safetensors"),
            await BytesAsync($"both/{Embedding}")
        );
        using var record = JsonDocument.Parse(await BytesAsync($"both/{Run}/run.json"));
        Assert.Equal(2, record.RootElement.GetProperty("result").GetProperty("seeds").GetArrayLength());
        Assert.Contains("2 runs", await File.ReadAllTextAsync(folder.File($"both/{Run}/report.html")));
    }

    [Fact]
    public async Task Resume_ASeedIsMissing_GivesTheSameFiles()
    {
        await TrainAsync(".", "--seed", "1", "--seeds", "2");
        var (before, second) = (await BytesAsync(Embedding), await BytesAsync($"{Run}/seed-2/my-cat.safetensors"));
        Directory.Delete(folder.File($"{Run}/seed-2"), recursive: true);
        File.Delete(folder.File(Embedding));
        File.Delete(folder.File($"{Run}/seed-1/my-cat.safetensors"));

        var (exitCode, _, error) = await TiRunner.RunAsync("train", "--resume", folder.File(Run));

        Assert.True(exitCode == 0, error);
        Assert.Equal(before, await BytesAsync(Embedding));
        Assert.Equal(second, await BytesAsync($"{Run}/seed-2/my-cat.safetensors"));
    }

    [Fact]
    public async Task Resume_OneOfTheSeeds_NamesTheWhole()
    {
        await TrainAsync(".", "--seed", "1", "--seeds", "2");

        Assert.Contains(
            $"is the run of one of 2 seeds; resume all of them: --resume {folder.File(Run)}",
            await FailAsync("train", "--resume", folder.File($"{Run}/seed-2"))
        );
        Assert.Contains(
            "the run to resume has several seeds",
            await FailAsync("train", "--resume", folder.File(Run), "--seeds", "1")
        );
        Assert.Contains(
            "option LearningRate: was 1 when the run began and is 0.02 now",
            await FailAsync("train", "--resume", folder.File(Run), "--learning-rate", "0.02")
        );
    }

    [Fact]
    public async Task Train_SeedsOverARunOfOne_LeavesNothingOfItToGoOnFrom()
    {
        await TrainAsync(".", "--seed", "1");
        Assert.Contains(
            "the run to resume has one seed",
            await FailAsync("train", "--resume", folder.File(Run), "--seeds", "2")
        );

        await TrainAsync(".", "--seed", "1", "--seeds", "2", "--overwrite");
        Assert.False(File.Exists(folder.File($"{Run}/state.safetensors")));

        await TrainAsync(".", "--seed", "1", "--overwrite");
        Assert.Empty(Directory.EnumerateDirectories(folder.File(Run), "seed-*"));
    }

    /// <summary>Values as after a training that diverged: not even the first validation is a number.</summary>
    [Fact]
    public async Task Train_NoSeedGivesANumber_SaysThatAllDiverged()
    {
        using var config = JsonDocument.Parse(
            await File.ReadAllTextAsync(Goldens.Path("models", "sd1", "text_encoder", "config.json"))
        );
        var width = config.RootElement.GetProperty("hidden_size").GetInt32();
        using var huge = new LearnedEmbedding("<x>", [full(1, width, 1e30f)], new Dictionary<string, string>());
        DiffusersFormat.Write(folder.File("huge.safetensors"), huge, overwrite: false);
        string[] start = ["--initializer", folder.File("huge.safetensors"), "--seed", "1", "--seeds", "2"];

        var error = await FailAsync([.. Command("."), .. start]);

        Assert.Contains("diverged with each of the 2 seeds", error);
        Assert.True(File.Exists(folder.File($"{Run}/report.html")));
    }

    [Theory]
    [InlineData("--seeds 0: choose a number from 1 to 100", "--seeds", "0")]
    [InlineData("--validate-every must be above 0", "--seeds", "2", "--validate-every", "0")]
    public async Task Train_SeedsThatCannotBe_AreRefused(string expected, params string[] more)
    {
        Assert.Contains(expected, await FailAsync([.. Command("."), .. more]));
        Assert.False(Directory.Exists(folder.File("runs")));
    }

    [Fact]
    public async Task Train_InitializerAuto_StartsFromTheBestPhraseAndKeepsItForARunThatGoesOn()
    {
        using var json = await TrainAsync(".", "--seed", "1", "--initializer", "auto");

        using var record = JsonDocument.Parse(await BytesAsync($"{Run}/run.json"));
        var initializer = record.RootElement.GetProperty("initializer");
        var found = initializer.GetProperty("found");
        var phrase = initializer.GetProperty("phrase").GetString();
        Assert.Equal(phrase, found.GetProperty("words").GetString());
        Assert.Equal(phrase, found.GetProperty("stages").EnumerateArray().Last().GetProperty("words").GetString());
        Assert.NotEqual(0, found.GetProperty("runnersUp").GetArrayLength());
        var (exitCode, _, error) = await TiRunner.RunAsync("train", "--resume", folder.File(Run));
        Assert.True(exitCode == 0, error);
        Assert.DoesNotContain("searching for the phrase", error);
        await File.WriteAllTextAsync(folder.File($"{Run}/initializer.json"), "{}");
        Assert.Contains(
            "initializer.json: does not hold the phrase",
            await FailAsync("train", "--resume", folder.File(Run))
        );
    }

    [Fact]
    public async Task Train_VectorsAuto_LearnsOneForEachWordThatIsFoundAndGoesOnWithAsMany()
    {
        using var json = await TrainAsync(".", "--seed", "1", "--initializer", "auto", "--vectors", "auto");

        using var record = JsonDocument.Parse(await BytesAsync($"{Run}/run.json"));
        var phrase = record.RootElement.GetProperty("initializer").GetProperty("phrase").GetString()!;
        var words = phrase.Split(' ').Length;
        Assert.InRange(words, 1, 6);
        Assert.Equal(Math.Max(4, words), json.RootElement.GetProperty("vectors").GetInt32());
        var file = folder.File(json.RootElement.GetProperty("embedding").GetString()!);
        Assert.Equal(Math.Max(4, words), EmbeddingFile.Read(file).Vectors);
        var (exitCode, _, error) = await TiRunner.RunAsync("train", "--resume", folder.File(Run), "--steps", "3");
        Assert.True(exitCode == 0, error);
    }

    private string[] Command(string output, string vectors = "1") =>
        [
            "train",
            "--model",
            Goldens.Path("models", "sd1"),
            "--images",
            Goldens.Sample("my-cat"),
            "--token",
            "my-cat",
            "--steps",
            "2",
            "--batch",
            "10",
            "--vectors",
            vectors,
            "--resolution",
            "32",
            "--no-flip",
            "--output",
            folder.File(output),
            "--json",
        ];

    private async Task<JsonDocument> TrainAsync(string output, params string[] more)
    {
        string[] start = more.Contains("--initializer") ? [] : ["--initializer", "cat"];
        var isAuto = more is [.., "--vectors", "auto"];
        string[] command = isAuto ? [.. Command(output, "auto"), .. more[..^2]] : [.. Command(output), .. more];
        var (exitCode, text, error) = await TiRunner.RunAsync([.. command, .. start]);
        Assert.True(exitCode == 0, error);
        return JsonDocument.Parse(text);
    }

    private static async Task<string> FailAsync(params string[] arguments)
    {
        var (exitCode, _, error) = await TiRunner.RunAsync(arguments);
        TiRunner.AssertRefused(exitCode, error);
        return error;
    }

    private Task<byte[]> BytesAsync(string file) => File.ReadAllBytesAsync(folder.File(file));
}
