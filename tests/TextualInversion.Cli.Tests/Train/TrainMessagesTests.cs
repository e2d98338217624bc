using System.Globalization;
using System.Text.Json;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Tests.Train;

/// <summary>What <c>ti train</c> says and records of options and outcomes, on a small random model.</summary>
[Trait("Category", "EndToEnd")]
public sealed class TrainMessagesTests : IDisposable
{
    private const string DemoWarning = "the demo model cannot draw images like these";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Train_SeedMinusOne_IsDrawnPrintedAndRecorded()
    {
        var (first, second) = (await SeedAsync("first"), await SeedAsync("second"));
        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task Train_MisspeltInitializer_WarnsWithTheNearestWord()
    {
        var (exitCode, _, error) = await RunAsync("--initializer", "kat");
        Assert.True(exitCode == 0, error);
        Assert.Contains("warning: the initializer's \"kat\" is not one word of the vocabulary", error);
        Assert.Contains("the nearest whole word is \"cat\"", error);
    }

    [Fact]
    public async Task Train_VectorsThatLeaveRoomForOneWord_SaysHowManyRemain()
    {
        var (exitCode, _, error) = await RunAsync("--initializer", "cat", "--vectors", "74", "--validate-every", "0");
        Assert.True(exitCode == 0, error);
        Assert.Contains("takes 74 of a prompt's 75 tokens, which leaves 1 token for its other words", error);
    }

    [Fact]
    public async Task Train_VectorsThatLeaveNoRoom_IsRefused()
    {
        var (exitCode, _, error) = await RunAsync("--initializer", "cat", "--vectors", "75");
        Assert.Equal(2, exitCode);
        Assert.Contains("--vectors 75: choose a number from 1 to 74; a prompt has room for 75 tokens", error);
    }

    [Fact]
    public async Task Train_RowsThatExplainNothing_EndsWithAWarning()
    {
        // With this rate the vectors stay those of the initializer, which hardly helps the random model.
        var (exitCode, _, error) = await RunAsync("--initializer", "cat", "--vectors", "1", "--learning-rate", "1e-9");
        Assert.True(exitCode == 0, error);
        Assert.Contains(
            error.Split('\n'),
            line =>
                line.StartsWith("warning: <my-cat> ", StringComparison.Ordinal)
                && line.Contains("than an empty prompt", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("train", 1)]
    [InlineData("train", 0.15, "--validate-every", "0")]
    [InlineData("check", 1)]
    [InlineData("check", 0.15)]
    [InlineData("check", 1, "--resolution", "96")]
    [InlineData("check", 1, "--mask", "alpha")]
    public async Task PhotosOnTheDemoModel_WarnsThatItCannotLearnThem(
        string command,
        double brightness,
        params string[] more
    )
    {
        for (var seed = 1; seed <= 3; seed++)
            folder.Write($"photos/{seed}.png", PhotoLike.Png(seed, brightness));

        Assert.Contains(DemoWarning, await MessagesAsync(command, folder.File("photos"), "object", more));
        if (!more.Contains("--mask")) // the samples have no alpha channel
            Assert.DoesNotContain(DemoWarning, await MessagesAsync(command, Goldens.Sample("my-boat"), "boat", more));
    }

    [Fact]
    public async Task Train_OverAnInterruptedRun_NamesHowToResumeIt()
    {
        folder.Write("runs/my-cat/state.safetensors", "a state");
        var (exitCode, _, error) = await RunAsync("--initializer", "cat");
        Assert.Equal(1, exitCode);
        Assert.Contains("holds a run that was interrupted; resume it with ti train --resume ", error);
    }

    [Fact]
    public async Task Generate_EmbeddingOfAnInterruptedRun_NamesHowToResumeIt()
    {
        folder.Write("runs/my-cat/state.safetensors", "a state");
        var (exitCode, _, error) = await TiProcess.RunAsync(
            folder.Path,
            "generate --model nobody/nothing --prompt 'a <my-cat>'"
        );
        Assert.Equal(1, exitCode);
        Assert.Contains("No embedding is called <my-cat>. Its training was interrupted", error);
        Assert.Contains($"ti train --resume {Path.Combine("runs", "my-cat")}", error);
    }

    [Fact]
    public async Task TrainAndCheck_Json_HasAbsolutePaths()
    {
        string[] seeds = ["--initializer", "cat", "--seeds", "2", "--json", "--quiet"];
        using var train = await JsonAsync("train", seeds);
        Assert.Equal(folder.File("embeddings/my-cat.safetensors"), Text(train.RootElement, "embedding"));
        Assert.Equal(folder.File("runs/my-cat"), Text(train.RootElement, "run"));
        foreach (var seed in train.RootElement.GetProperty("seeds").EnumerateArray())
            Assert.StartsWith(folder.File("runs/my-cat/seed-"), Text(seed, "embedding"));

        var images = Path.GetRelativePath(Environment.CurrentDirectory, Goldens.Sample("my-cat"));
        using var check = await JsonAsync("check", ["--overwrite", "--json", "--quiet"], images);
        Assert.Equal(Goldens.Sample("my-cat", "1.png"), Text(check.RootElement.GetProperty("images")[0], "path"));

        static string Text(JsonElement parent, string name) => parent.GetProperty(name).GetString()!;
    }

    private async Task<JsonDocument> JsonAsync(string command, string[] options, string? images = null)
    {
        var (exitCode, output, error) = await TiRunner.RunAsync([
            command,
            .. Standard(images ?? Goldens.Sample("my-cat")),
            .. options,
        ]);
        Assert.True(exitCode == 0, error);
        return JsonDocument.Parse(output);
    }

    /// <summary>The seed that a run drew, by its record, its repeated command and its messages.</summary>
    private async Task<ulong> SeedAsync(string name)
    {
        var (exitCode, _, error) = await RunAsync("--initializer", "cat", "--seed", "-1", "--name", name);
        Assert.True(exitCode == 0, error);
        using var record = JsonDocument.Parse(
            await File.ReadAllTextAsync(RunFolder.RecordIn(folder.File($"runs/{name}")))
        );
        var seed = record.RootElement.GetProperty("options").GetProperty("seed").GetUInt64();
        var text = seed.ToString(CultureInfo.InvariantCulture);
        Assert.Contains($"seed {text}", error);
        var command = record.RootElement.GetProperty("command").EnumerateArray().Select(each => each.GetString());
        Assert.Equal(["--seed", text], command.TakeLast(2));
        return seed;
    }

    private async Task<string> MessagesAsync(string command, string images, string initializer, string[] more)
    {
        var (exitCode, output, error) = await TiRunner.RunAsync([
            command,
            "--model",
            "demo",
            "--images",
            images,
            "--token",
            $"my-{initializer}",
            "--initializer",
            initializer,
            "--steps",
            "1",
            "--batch",
            "2",
            "--output",
            folder.Path,
            .. more,
        ]);
        Assert.True(exitCode == 0, error);
        return output + error;
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] more) =>
        TiRunner.RunAsync(["train", .. Standard(Goldens.Sample("my-cat")), .. more]);

    private string[] Standard(string images) =>
        [
            "--model",
            Goldens.Path("models", "sd1"),
            "--images",
            images,
            "--token",
            "my-cat",
            "--steps",
            "1",
            "--batch",
            "1",
            "--resolution",
            "32",
            "--output",
            folder.Path,
        ];
}
