using System.Text.Json;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Check;

/// <summary><c>ti check</c> on small models.</summary>
[Trait("Category", "EndToEnd")]
public sealed class CheckCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Check_GoodImages_IsReadyAndWritesNothing()
    {
        var (exitCode, output, error) = await CheckAsync("--batch", "2", "--steps", "7");

        Assert.True(exitCode == 0, output + error);
        var lines = output.Split('\n');
        Assert.Contains("images  5", lines);
        Assert.Contains("1.png  192 x 192  128 x 128   996", lines[1]);
        Assert.Contains(
            "tokens  <my-cat> starts from cat (cat</w>), 4 vectors; 27 prompts, the longest 11 of 75 tokens",
            lines
        );
        Assert.Contains(
            "M U-Net parameters, embedding width 128, 128 pixels, noise prediction, on cpu; all weights are finite",
            output
        );
        Assert.Contains("for 7 steps, less if it stops early", output);
        Assert.Contains("verdict: ready to train", lines);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task Check_Json_HasTheTablesNames()
    {
        var (exitCode, output, _) = await CheckAsync("--json", "--quiet", "--steps", "100", "--validate-every", "50");

        Assert.Equal(0, exitCode);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.Equal("ready", report.GetProperty("verdict").GetString());
        Assert.Equal(5, report.GetProperty("images").GetArrayLength());
        Assert.InRange(report.GetProperty("images")[0].GetProperty("sharpness").GetDouble(), 900, 1100);
        Assert.Equal("cat", report.GetProperty("tokens").GetProperty("initializer").GetString());
        Assert.Equal(128, report.GetProperty("model").GetProperty("textWidths")[0].GetInt32());
        Assert.True(report.GetProperty("memory").GetProperty("estimatedBytes").GetInt64() > 1_000_000);
        var time = report.GetProperty("time");
        var (step, validation) = (
            time.GetProperty("stepSeconds").GetDouble(),
            time.GetProperty("validationSeconds").GetDouble()
        );
        Assert.True(step > 0 && validation > 0);
        // The images are encoded too.
        Assert.True(time.GetProperty("seconds").GetDouble() > (100 * step) + (4 * validation));
        Assert.Empty(report.GetProperty("findings").EnumerateArray());
    }

    [Fact]
    public async Task Check_SeveralSeeds_CountsEachTraining()
    {
        var (exitCode, output, error) = await CheckAsync("--json", "--steps", "100", "--seeds", "3");

        Assert.True(exitCode == 0, error);
        var time = JsonDocument.Parse(output).RootElement.GetProperty("time");
        Assert.Equal((100, 3), (time.GetProperty("steps").GetInt32(), time.GetProperty("seeds").GetInt32()));
        Assert.True(time.GetProperty("seconds").GetDouble() > 300 * time.GetProperty("stepSeconds").GetDouble());
        Assert.Contains("for 3 runs of 7 steps", (await CheckAsync("--steps", "7", "--seeds", "3")).Output);
    }

    [Fact]
    public async Task Check_InitializerAuto_CountsTheSearch()
    {
        async Task<JsonElement> TimeAsync(string initializer) =>
            JsonDocument
                .Parse(
                    (
                        await CheckAsync(
                            "--json",
                            "--steps",
                            "1",
                            "--validate-every",
                            "0",
                            "--initializer",
                            initializer
                        )
                    ).Output
                )
                .RootElement;

        var (named, searched) = (await TimeAsync("cat"), await TimeAsync("auto"));

        Assert.Equal("auto", searched.GetProperty("tokens").GetProperty("initializer").GetString());
        Assert.Empty(searched.GetProperty("tokens").GetProperty("initializerTokens").EnumerateArray());
        Assert.True(Steps(searched) > Steps(named) + 10);
        Assert.Contains("auto, 4 to 6 vectors", (await CheckAsync("--initializer", "auto")).Output);

        double Steps(JsonElement report) =>
            report.GetProperty("time").GetProperty("seconds").GetDouble()
            / report.GetProperty("time").GetProperty("stepSeconds").GetDouble();
    }

    [Fact]
    public async Task Check_EverythingWrong_NamesAllOfIt()
    {
        File.Copy(Goldens.Sample("my-cat", "1.png"), folder.File("1.png"));
        folder.Write("2.png", File.ReadAllBytes(Goldens.Sample("my-cat", "2.png"))[..1000]);
        folder.Write("embeddings/my-cat.safetensors", "there already");

        var (exitCode, output, _) = await CheckAsync("--images", folder.Path, "--initializer", "xqzj");

        Assert.Equal(1, exitCode);
        Assert.Contains("1.png  192 x 192", output);
        Assert.Contains($"error: {folder.File("2.png")}: is damaged or truncated", output);
        Assert.Contains("error: The initializer's \"xqzj\" is not a word", output);
        Assert.Contains("embeddings/my-cat.safetensors", output);
        Assert.Contains("warning: 2 images are few", output);
        Assert.Contains("time    skipped (see errors)", output);
        Assert.EndsWith("verdict: ti train would refuse\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_NoModel_LooksAtTheImagesAllTheSame()
    {
        var (exitCode, output, _) = await TiRunner.RunAsync(
            "check",
            "--model",
            folder.File("nowhere"),
            "--images",
            Goldens.Sample("my-cat"),
            "--token",
            "my-cat"
        );

        Assert.Equal(1, exitCode);
        Assert.Contains("model   skipped (see errors)", output);
        Assert.Contains(
            $"warning: {Goldens.Sample("my-cat", "1.png")}: 192 x 192 pixels are enlarged to 512 x 512",
            output
        );
        Assert.Contains("error: ", output);
    }

    [Fact]
    public async Task Check_PromptThatIsTooLong_SaysWhatIsCutOff()
    {
        folder.Write("templates.txt", $"a photo of {{}}\n{string.Concat(Enumerable.Repeat("cat ", 74))}dog {{}}");

        var (exitCode, output, _) = await CheckAsync("--templates", folder.File("templates.txt"));

        Assert.Equal(0, exitCode);
        Assert.Contains(
            "too long: the placeholder token is cut off, so the prompt teaches nothing; shorten it",
            output
        );
        Assert.Contains("ready to train, with 1 warning", output);
    }

    [Fact]
    public async Task Check_PlaceholderCutOffEverywhere_Refuses()
    {
        folder.Write("templates.txt", string.Concat(Enumerable.Repeat("cat ", 80)) + "{}");

        var (exitCode, output, _) = await CheckAsync("--templates", folder.File("templates.txt"));

        Assert.Equal(1, exitCode);
        Assert.Contains("error: <my-cat> is cut off in every prompt", output);
    }

    [Fact]
    public async Task Check_OptionsThatTrainRefuses_AreRefused()
    {
        Directory.CreateDirectory(folder.File("masks"));
        Assert.Contains("1.png: has no mask in ", (await CheckAsync("--mask", folder.File("masks"))).Output);
        Assert.Equal(
            (
                2,
                "error: --drop-tags 1: choose a number from 0 to below 1, such as 0.1.\n"
                    + "Run `ti check --help` for usage.\n"
            ),
            await ErrorAsync("--drop-tags", "1")
        );
        Assert.Equal(2, (await TiRunner.RunAsync("check", "--model", "demo")).ExitCode);

        async Task<(int ExitCode, string Error)> ErrorAsync(params string[] more)
        {
            var (exitCode, _, error) = await CheckAsync(more);
            return (exitCode, error);
        }
    }

    /// <summary>Runs the command on the demo model. A later option replaces an earlier one of the same name.</summary>
    private Task<(int ExitCode, string Output, string Error)> CheckAsync(params string[] more)
    {
        string[] standard = ["--images", Goldens.Sample("my-cat"), "--initializer", "cat"];
        var kept = standard.Chunk(2).Where(pair => !more.Contains(pair[0])).SelectMany(pair => pair);
        return TiRunner.RunAsync([
            "check",
            "--model",
            "demo",
            "--token",
            "my-cat",
            "--seed",
            "1",
            "--output",
            folder.Path,
            .. kept,
            .. more,
        ]);
    }
}
