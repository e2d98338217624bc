using System.Diagnostics;
using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Sweep.Work;

namespace TextualInversion.Cli.Tests.Sweep;

/// <summary><c>ti sweep</c> on a small random model.</summary>
[Trait("Category", "EndToEnd")]
public sealed class SweepCommandTests : IDisposable
{
    private readonly SweepTestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Sweep_TwoConcepts_GivesTheBytesOfTrainAloneAndKeepsThem()
    {
        WriteTwoConcepts();

        var (exitCode, output, error) = await folder.RunAsync("sweep.yaml");

        Assert.True(exitCode == 0, error);
        Assert.Equal(2, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("2 cells to train, at most 6 steps", error, StringComparison.Ordinal);
        await AssertAsAloneAsync("my-cat", "cat", "cat");
        await AssertAsAloneAsync("my-dog", "dog", "dog");
        var written = File.GetLastWriteTimeUtc(Embedding("my-cat"));

        var (again, _, said) = await folder.RunAsync("sweep.yaml");

        Assert.Equal(0, again);
        Assert.DoesNotContain("cell 1", said, StringComparison.Ordinal);
        Assert.Equal(written, File.GetLastWriteTimeUtc(Embedding("my-cat")));
    }

    [Fact]
    public async Task Sweep_BadImageInOneCell_TrainsTheOthersAndFails()
    {
        WriteTwoConcepts();
        var bytes = await File.ReadAllBytesAsync(folder.File("cat/1.png"));
        await File.WriteAllBytesAsync(folder.File("cat/1.png"), bytes[..(bytes.Length / 2)]);

        var (exitCode, _, error) = await folder.RunAsync("sweep.yaml");

        Assert.Equal(ExitCode.Problem, exitCode);
        Assert.Contains("error: 1 cell failed:", error, StringComparison.Ordinal);
        await AssertAsAloneAsync("my-dog", "dog", "dog");
        Assert.Equal(CellState.Failed, folder.Sweep.StateOf("my-cat"));
        var (_, status, _) = await TiRunner.RunAsync("sweep", "status", folder.Output);
        Assert.Contains("1 done, 0 started, 0 waiting, 1 failed", status, StringComparison.Ordinal);
        Assert.Contains("1.png", status, StringComparison.Ordinal);

        await File.WriteAllBytesAsync(folder.File("cat/1.png"), bytes);
        var (repaired, _, rest) = await folder.RunAsync("sweep.yaml");

        Assert.True(repaired == 0, rest);
        await AssertAsAloneAsync("my-cat", "cat", "cat");
    }

    [Fact]
    public async Task Sweep_OtherSettingsInTheSameFolder_AreRefusedAndMoreCellsAreTaken()
    {
        WriteTwoConcepts();
        Assert.Equal(0, (await folder.RunAsync("sweep.yaml")).ExitCode);

        WriteTwoConcepts(SweepTestFolder.Short.Replace("steps: 3", "steps: 4", StringComparison.Ordinal));
        var (changed, _, error) = await folder.RunAsync("sweep.yaml");

        Assert.Equal(ExitCode.Problem, changed);
        Assert.Contains("was begun with steps 3, and now it is 4", error, StringComparison.Ordinal);

        WriteTwoConcepts(SweepTestFolder.Short, "  - {token: my-third, images: dog, initializer: dog}\n");
        var (more, output, said) = await folder.RunAsync("sweep.yaml");

        Assert.True(more == 0, said);
        Assert.Contains("1 cell to train", said, StringComparison.Ordinal);
        Assert.Equal(3, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task Sweep_FolderWithAnotherTraining_IsRefused()
    {
        WriteTwoConcepts();
        folder.Write("out/runs/my-cat/run.json", "{}");

        var (exitCode, _, error) = await folder.RunAsync("sweep.yaml");

        Assert.Equal(ExitCode.Problem, exitCode);
        Assert.Contains("is not of this sweep", error, StringComparison.Ordinal);
        Assert.Equal("{}", await File.ReadAllTextAsync(folder.File("out/runs/my-cat/run.json")));
    }

    [Fact]
    public async Task Sweep_Check_WritesNothingAndRefusesWordsOfTheVocabulary()
    {
        WriteTwoConcepts();

        var (exitCode, _, error) = await folder.RunAsync("sweep.yaml", "--check");

        Assert.True(exitCode == 0, error);
        Assert.Contains("2 cells to train", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Output));

        WriteTwoConcepts(SweepTestFolder.Short, "  - {token: cat, images: dog, initializer: dog}\n");
        var (refused, _, problem) = await folder.RunAsync("sweep.yaml");

        Assert.Equal(ExitCode.Problem, refused);
        Assert.Contains("vocabulary already holds cat", problem, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Output));
    }

    [Fact]
    public async Task Sweep_Shards_TrainEachCellOnce()
    {
        WriteTwoConcepts();

        var (first, _, error) = await folder.RunAsync("sweep.yaml", "--shard", "0/2");

        Assert.True(first == 0, error);
        Assert.True(File.Exists(Embedding("my-cat")));
        Assert.False(File.Exists(Embedding("my-dog")));
        Assert.Equal(0, (await folder.RunAsync("sweep.yaml", "--shard", "1/2")).ExitCode);
        await AssertAsAloneAsync("my-dog", "dog", "dog");
    }

    [Fact]
    public async Task Sweep_Jobs_TrainEverythingInProcesses()
    {
        WriteTwoConcepts();

        var (exitCode, output, error) = await folder.RunAsync("sweep.yaml", "--jobs", "2", "--json");

        Assert.True(exitCode == 0, error);
        using var document = JsonDocument.Parse(output);
        Assert.Equal(2, document.RootElement.GetProperty("done").GetInt32());
        Assert.Contains("[1] ", error, StringComparison.Ordinal);
        Assert.Contains("[2] ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_FinishedSweep_IsSortedByScore()
    {
        WriteTwoConcepts();
        Assert.Equal(0, (await folder.RunAsync("sweep.yaml")).ExitCode);

        var (_, page, _) = await TiRunner.RunAsync("sweep", "report", folder.Output);
        var (_, csv, _) = await TiRunner.RunAsync("sweep", "report", folder.Output, "--csv");
        var (_, json, _) = await TiRunner.RunAsync("sweep", "report", folder.Output, "--json");

        var html = await File.ReadAllTextAsync(page.Trim());
        Assert.Contains("data:image/jpeg;base64,", html, StringComparison.Ordinal);
        Assert.Contains("class=\"spark\"", html, StringComparison.Ordinal);
        var lines = csv.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("name,placeholder,seed,state,score,", lines[0], StringComparison.Ordinal);
        using var document = JsonDocument.Parse(json);
        var cells = document.RootElement.GetProperty("cells").EnumerateArray().ToList();
        var scores = cells.ConvertAll(cell => cell.GetProperty("score").GetDouble());
        Assert.Equal(2, scores.Count);
        Assert.True(scores[0] >= scores[1]);
        Assert.StartsWith(cells[0].GetProperty("name").GetString() + ",", lines[1], StringComparison.Ordinal);
    }

    /// <summary>Workers that are killed again and again, at the same time, until the sweep is done.</summary>
    [Fact]
    public async Task Sweep_ClaimingWorkersKilled_GiveTheBytesOfTrainAlone()
    {
        WriteTwoConcepts(SweepTestFolder.Short.Replace("steps: 3", "steps: 40", StringComparison.Ordinal));
        // All are processes with one thread, since the bytes depend on the number of threads.
        for (var kill = 0; kill < 3; kill++)
        {
            using Process first = Start(),
                second = Start();
            var seen = Checkpoints();
            var clock = Stopwatch.StartNew();
            while (Checkpoints() < seen + 4 && clock.Elapsed < TimeSpan.FromMinutes(1) && !first.HasExited)
                await Task.Delay(50);
            first.Kill(); // SIGKILL
            second.Kill();
            await first.WaitForExitAsync();
            await second.WaitForExitAsync();
        }

        Assert.NotEqual(CellState.Waiting, folder.Sweep.StateOf("my-cat"));
        var (exitCode, _, error) = await TiProcess.RunAsync(
            folder.File("."),
            $"sweep sweep.yaml --output '{folder.Output}' --claim"
        );

        Assert.True(exitCode == 0, error);
        await AssertAsAloneAsync("my-cat", "cat", "cat", "40");
        await AssertAsAloneAsync("my-dog", "dog", "dog", "40");

        int Checkpoints() =>
            Directory.Exists(folder.File("out/runs"))
                ? Directory.GetFiles(folder.File("out/runs"), "step-*.safetensors", SearchOption.AllDirectories).Length
                : 0;
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath!,
            [
                "exec",
                Path.Combine(AppContext.BaseDirectory, "ti.dll"),
                "sweep",
                folder.File("sweep.yaml"),
                "--output",
                folder.Output,
                "--claim",
                "--quiet",
            ]
        );
        start.RedirectStandardError = start.RedirectStandardOutput = true;
        start.Environment["OMP_NUM_THREADS"] = "1"; // as TiProcess
        return Process.Start(start)!;
    }

    private string Embedding(string name) => folder.Sweep.EmbeddingOf(name);

    private void WriteTwoConcepts(string train = SweepTestFolder.Short, string more = "")
    {
        if (!Directory.Exists(folder.File("cat")))
        {
            folder.Images("cat");
            folder.Images("dog", "my-dog");
        }

        folder.Write(
            "sweep.yaml",
            $$"""
            model: {{SweepTestFolder.Model}}
            concepts:
              - {token: my-cat, images: cat, initializer: cat}
              - {token: my-dog, images: dog, initializer: dog}
            {{more}}
            {{train}}
            """
        );
    }

    /// <summary>Compares a cell's embedding with that of <c>ti train</c> alone.</summary>
    private async Task AssertAsAloneAsync(string token, string images, string initializer, string steps = "3")
    {
        var options = SweepTestFolder.ShortOptions.Select(value => value == "3" ? steps : value);
        string[] arguments =
        [
            "train",
            "--model",
            SweepTestFolder.Model,
            "--images",
            folder.File(images),
            "--token",
            token,
            "--initializer",
            initializer,
            "--seed",
            "1",
            "--output",
            folder.File("alone"),
            .. options,
        ];
        var (exitCode, _, error) =
            steps == "3"
                ? await TiRunner.RunAsync(arguments)
                : await TiProcess.RunAsync(folder.File("."), ShellCommand.Quote(arguments));
        Assert.True(exitCode == 0, error);
        var alone = await File.ReadAllBytesAsync(folder.File($"alone/embeddings/{token}.safetensors"));
        Assert.Equal(alone, await File.ReadAllBytesAsync(Embedding(token)));
    }
}
