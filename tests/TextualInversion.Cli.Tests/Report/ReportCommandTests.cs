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
        Assert.Matches("<tr class=\"best\"><td><i [^>]*></i>cat-2</td><td>0.0300</td><td>40.0 %</td>", page);
        Assert.Equal(["learning rate"], Differences().Matches(page).Select(match => match.Groups[1].Value));
        Assert.Contains("<td>0.01</td><td>0.5</td>", page);
        Assert.Equal(2 + 6, Images().Count(page)); // the given images once, those of both runs
        Assert.Contains("a photo of &lt;my-cat&gt;, seed 3", page);
        Assert.DoesNotContain("do not tell which is better", page);
        Assert.DoesNotContain("http", page);
    }

    [Fact]
    public async Task Report_RunsOnDifferentImages_SaysThatLossesDoNotCompare()
    {
        var first = RecordedRunFolder.Write(folder, "cat");
        var second = RecordedRunFolder.Write(folder, "dog", record => record["images"]!.AsArray().RemoveAt(1));

        await TiRunner.RunAsync("report", first, second, "--output", folder.File("both.html"));

        var page = await File.ReadAllTextAsync(folder.File("both.html"));
        Assert.Contains("do not tell which is better", page);
        Assert.DoesNotContain("class=\"best\"", page);
        Assert.Contains("<h3>dog</h3>", page);
    }

    [Fact]
    public async Task Report_OtherWords_ShowsTheSamePromptTogether()
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
            "since the run is not over; go on with it with ti train --resume",
            Path.GetDirectoryName(folder.Write("runs/cat/state.safetensors", ""))!
        );

    [Theory]
    [InlineData("no JSON")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    public Task Report_RecordOfAnotherKind_IsNamed(string record)
    {
        var run = RecordedRunFolder.Write(folder, "cat");
        folder.Write("runs/cat/run.json", record);
        return RefusesAsync("run.json: is no record of a run, or is not whole", run);
    }

    [Fact]
    public Task Report_TruncatedRecord_IsNamed()
    {
        var run = RecordedRunFolder.Write(folder, "cat");
        var record = folder.File("runs/cat/run.json");
        File.WriteAllText(record, File.ReadAllText(record)[..^20]);
        return RefusesAsync("run.json: is no record of a run, or is not whole", run);
    }

    [Fact]
    public Task Report_NoMetrics_IsNamed()
    {
        var run = RecordedRunFolder.Write(folder, "cat");
        File.Delete(folder.File("runs/cat/metrics.csv"));
        return RefusesAsync("metrics.csv: cannot be read", run);
    }

    [Fact]
    public Task Report_OneOfTwoIsNoRun_WritesNothing() =>
        RefusesAsync(
            "has no run.json",
            RecordedRunFolder.Write(folder, "cat"),
            folder.Path,
            "--output",
            folder.File("both.html")
        );

    [Fact]
    public async Task Report_MistypedOption_IsRefused() =>
        Assert.Equal(2, (await TiRunner.RunAsync("report", "runs/cat", "--outptu", "x")).ExitCode);

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
