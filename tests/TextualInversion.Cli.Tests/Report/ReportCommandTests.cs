using System.Text.Json;
using System.Text.RegularExpressions;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Tests.Runs;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Report;

public sealed partial class ReportCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Report_OneRun_MakesItsPageAnew()
    {
        var run = RecordedRunFolder.Write(folder, "cat");
        var page = folder.Write("runs/cat/report.html", "old");

        var (exitCode, output, error) = await TiRunner.RunAsync("report", run + "/");

        Assert.True(exitCode == 0, error);
        Assert.Equal(JsonOutput.Relative(page) + Environment.NewLine, output);
        Assert.Contains("<h1>&lt;my-cat&gt;</h1>", await File.ReadAllTextAsync(page));
    }

    [Fact]
    public async Task Report_TwoRuns_ComparesThem()
    {
        var first = RecordedRunFolder.Write(folder, "cat");
        var second = RecordedRunFolder.Write(
            folder,
            "cat-2",
            record =>
            {
                record["options"]!["learningRate"] = 0.5;
                record["result"]!["validation"]!["best"] = 0.03;
                record["result"]!["validation"]!["relativeLoss"] = 0.5;
            }
        );

        var (exitCode, output, error) = await TiRunner.RunAsync(
            "report",
            first,
            second,
            "--output",
            folder.File("both.html"),
            "--json"
        );

        Assert.True(exitCode == 0, error);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(
            [0.04, 0.03],
            json.RootElement.GetProperty("runs")
                .EnumerateArray()
                .Select(run => run.GetProperty("validation").GetProperty("best").GetDouble())
        );
        var page = await File.ReadAllTextAsync(folder.File("both.html"));
        Assert.Matches("<tr class=\"best\"><td><i [^>]*></i>cat-2</td><td>0.0300</td><td>50.0 %</td>", page);
        Assert.Equal(["learning rate"], Differences().Matches(page).Select(match => match.Groups[1].Value));
        Assert.Contains("<td>1</td><td>0.5</td>", page);
        Assert.Equal(2 + 6, Images().Count(page)); // the training images once, the samples of both runs
        Assert.Contains("a photo of &lt;my-cat&gt;, seed 3", page);
        Assert.DoesNotContain("losses cannot be compared", page);
        Assert.DoesNotContain("http", page);
    }

    [Fact]
    public async Task Report_RunsOnDifferentImages_WarnsAboutTheirLosses()
    {
        var first = RecordedRunFolder.Write(folder, "cat");
        var second = RecordedRunFolder.Write(folder, "dog", record => record["images"]!.AsArray().RemoveAt(1));

        await TiRunner.RunAsync("report", first, second, "--output", folder.File("both.html"));

        var page = await File.ReadAllTextAsync(folder.File("both.html"));
        Assert.Contains("losses cannot be compared", page);
        Assert.DoesNotContain("class=\"best\"", page);
        Assert.Contains("<h3>dog</h3>", page);
    }

    [Fact]
    public async Task Report_DifferentTokens_ShowTheSamePromptTogether()
    {
        var first = RecordedRunFolder.Write(folder, "cat");
        var second = RecordedRunFolder.Write(folder, "dog", record => record["result"]!["placeholder"] = "<my-dog>");
        foreach (var step in new[] { 0, 5, 10 })
            RecordedRunFolder.WriteSample(second, step, 1, "a photo of <my-dog>", 3);

        await TiRunner.RunAsync("report", first, second, "--output", folder.File("both.html"));

        var page = await File.ReadAllTextAsync(folder.File("both.html"));
        Assert.Single(Regex.Matches(page, "<h3>a photo of …, seed 3</h3>"));
        Assert.Equal(2 + 6, Images().Count(page));
    }

    [Fact]
    public async Task Report_FoldersOfTheSameName_AreShownByTheirPaths()
    {
        var first = RecordedRunFolder.Write(folder, "a/cat");
        var second = RecordedRunFolder.Write(folder, "b/cat");

        await TiRunner.RunAsync("report", first, second, "--output", folder.File("both.html"));

        Assert.Contains("runs/b/cat", await File.ReadAllTextAsync(folder.File("both.html")));
    }

    [Fact]
    public async Task Report_SameRunTwice_IsOne()
    {
        var run = RecordedRunFolder.Write(folder, "cat");

        var (exitCode, output, _) = await TiRunner.RunAsync("report", run, run + "/");

        Assert.Equal(
            (0, JsonOutput.Relative(folder.File("runs/cat/report.html")) + Environment.NewLine),
            (exitCode, output)
        );
    }

    [Fact]
    public async Task Report_PageExists_IsNotReplacedUnlessAllowed()
    {
        var (run, page) = (RecordedRunFolder.Write(folder, "cat"), folder.Write("page.html", "mine"));

        await RefusesAsync("exists", run, "--output", page);
        Assert.Equal("mine", await File.ReadAllTextAsync(page));
        Assert.Equal(0, (await TiRunner.RunAsync("report", run, "--output", page, "--overwrite")).ExitCode);
    }

    [Fact]
    public Task Report_NoRun_IsNamed() =>
        RefusesAsync($"{folder.Path}: has no run.json; name the folder of a run", folder.Path);

    [Fact]
    public Task Report_RunThatIsNotOver_SaysHowToGoOn() =>
        RefusesAsync(
            "since the run is not finished; resume it with ti train --resume",
            Path.GetDirectoryName(folder.Write("runs/cat/state.safetensors", ""))!
        );

    [Theory]
    [InlineData("no JSON", "the document is not valid JSON, see line 1")]
    [InlineData("{}", "result is missing")]
    [InlineData("null", "the document is null")]
    [InlineData("[]", "the document is not an object")]
    public Task Report_RecordOfAnotherKind_IsNamed(string record, string expected)
    {
        var run = RecordedRunFolder.Write(folder, "cat");
        folder.Write("runs/cat/run.json", record);
        return RefusesAsync($"run.json: {expected}; restore it from a copy, or train again", run);
    }

    [Fact]
    public Task Report_TruncatedRecord_IsNamed()
    {
        var run = RecordedRunFolder.Write(folder, "cat");
        var record = folder.File("runs/cat/run.json");
        File.WriteAllText(record, File.ReadAllText(record)[..^20]);
        return RefusesAsync("run.json: the document is not valid JSON", run);
    }

    [Fact]
    public Task Report_NoMetrics_IsNamed()
    {
        var run = RecordedRunFolder.Write(folder, "cat");
        File.Delete(folder.File("runs/cat/metrics.csv"));
        return RefusesAsync("metrics.csv: cannot be read", run);
    }

    [Fact]
    public async Task Report_FoldersThatAreNotRuns_AreNamedAndSkipped()
    {
        var first = RecordedRunFolder.Write(folder, "cat");
        var second = RecordedRunFolder.Write(folder, "dog");
        var unfinished = Path.GetDirectoryName(folder.Write("runs/started/state.safetensors", ""))!;
        var other = Path.GetDirectoryName(folder.Write("runs/other/a.txt", ""))!;
        var file = folder.Write("runs/report.html", "");
        var missing = folder.File("runs/missing");

        var (exitCode, _, error) = await TiRunner.RunAsync(
            "report",
            first,
            unfinished,
            other,
            file,
            missing,
            second,
            "--output",
            folder.File("both.html")
        );

        Assert.True(exitCode == 0, error);
        var lines = error.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Length);
        Assert.Contains($"ti train --resume {unfinished}", lines[0]);
        Assert.All(
            new[] { unfinished, other, file, missing }.Zip(lines),
            pair => Assert.Contains(pair.First, pair.Second)
        );
        Assert.Contains("<h1>2 runs</h1>", await File.ReadAllTextAsync(folder.File("both.html")));
    }

    [Fact]
    public Task Report_SeveralFoldersAndNoRun_IsRefused() =>
        RefusesAsync("has no run.json", folder.Path, folder.File("runs/missing"), "--output", folder.File("both.html"));

    [Fact]
    public Task Report_OneOfTwoIsDamaged_WritesNothing()
    {
        var (first, second) = (RecordedRunFolder.Write(folder, "cat"), RecordedRunFolder.Write(folder, "dog"));
        folder.Write("runs/dog/run.json", "{");
        return RefusesAsync("dog/run.json", first, second, "--output", folder.File("both.html"));
    }

    [Fact]
    public async Task Report_RunOfSeveralSeeds_ComparesTheSeeds()
    {
        var run = WriteSeeds();

        var (exitCode, output, error) = await TiRunner.RunAsync("report", run);

        Assert.True(exitCode == 0, error);
        Assert.Equal(JsonOutput.Relative(folder.File("runs/cat/report.html")) + Environment.NewLine, output);
        var page = await File.ReadAllTextAsync(folder.File("runs/cat/report.html"));
        Assert.Contains("<h1>3 runs</h1>", page);
        Assert.Matches("(?s)seed-1.*seed-2.*seed-10", page);
    }

    [Fact]
    public async Task Report_RunOfSeveralSeedsAmongOthers_IsShownByItsBestSeed()
    {
        var (run, other) = (WriteSeeds(), RecordedRunFolder.Write(folder, "dog"));

        var (exitCode, output, error) = await TiRunner.RunAsync(
            "report",
            run,
            other,
            "--output",
            folder.File("both.html"),
            "--json"
        );

        Assert.True(exitCode == 0, error);
        Assert.Empty(error);
        using var json = JsonDocument.Parse(output);
        var runs = json.RootElement.GetProperty("runs");
        Assert.Equal([2ul, 1ul], runs.EnumerateArray().Select(each => each.GetProperty("seed").GetUInt64()));
        Assert.Contains("cat (seed 2, best of 3)", await File.ReadAllTextAsync(folder.File("both.html")));
    }

    [Fact]
    public async Task Report_Json_HasAbsolutePaths()
    {
        var run = JsonOutput.Relative(RecordedRunFolder.Write(folder, "cat"));

        var (_, output, _) = await TiRunner.RunAsync("report", run, "--json");

        using var json = JsonDocument.Parse(output);
        Assert.Equal(folder.File("runs/cat/report.html"), json.RootElement.GetProperty("report").GetString());
        Assert.Equal(folder.File("runs/cat"), json.RootElement.GetProperty("runs")[0].GetProperty("run").GetString());
    }

    [Fact]
    public async Task Report_MistypedOption_IsRefused() =>
        Assert.Equal(2, (await TiRunner.RunAsync("report", "runs/cat", "--outptu", "x")).ExitCode);

    /// <summary>Writes a run with the seeds 1, 2 and 10; 2 is the best.</summary>
    private string WriteSeeds()
    {
        foreach (var seed in new[] { 1, 2, 10 })
            RecordedRunFolder.Write(folder, $"cat/seed-{seed}", record => record["result"]!["seed"] = seed);
        var run = RecordedRunFolder.Write(folder, "cat", record => record["result"]!["seed"] = 2);
        File.Delete(folder.File("runs/cat/metrics.csv"));
        return run;
    }

    private async Task RefusesAsync(string expected, params string[] arguments)
    {
        var (exitCode, output, error) = await TiRunner.RunAsync(["report", .. arguments]);

        Assert.Equal(1, exitCode);
        Assert.Empty(output);
        Assert.Contains(expected, error);
        Assert.False(File.Exists(folder.File("both.html")));
    }

    [GeneratedRegex("<img src=\"([^\"]*)\"")]
    private static partial Regex Images();

    [GeneratedRegex("<tr><td class=\"soft\">([^<]*)</td>")]
    private static partial Regex Differences();
}
