using System.Diagnostics;
using System.Text.Json;
using TextualInversion.Cli.Sweep.Work;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Sweep;

/// <summary><c>ti sweep</c> with <c>eval</c>, and on a disk that is full.</summary>
[Trait("Category", "EndToEnd")]
public sealed class SweepEvalTests : IDisposable
{
    private readonly SweepTestFolder folder = new();

    public SweepEvalTests()
    {
        folder.Images("cat");
        folder.Images("dog", "my-dog");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Sweep_Eval_ScoresEachCellOnceAndAgainWithOtherOptions()
    {
        Write("eval: {count: 2, steps: 1, clip-model: " + Goldens.Path("models", "clip") + "}\n");

        var (exitCode, _, error) = await folder.RunAsync("sweep.yaml");

        Assert.True(exitCode == 0, error);
        var (_, json, _) = await TiRunner.RunAsync("sweep", "report", folder.Output, "--json");
        using var document = JsonDocument.Parse(json);
        var cells = document.RootElement.GetProperty("cells").EnumerateArray().ToList();
        var scores = cells.ConvertAll(cell => cell.GetProperty("imageSimilarity").GetDouble());
        Assert.Equal(2, scores.Count);
        Assert.True(scores[0] >= scores[1]);
        var (_, csv, _) = await TiRunner.RunAsync("sweep", "report", folder.Output, "--csv");
        Assert.Contains(",image similarity,text similarity,", csv, StringComparison.Ordinal);
        var page = await File.ReadAllTextAsync(folder.File("out/report.html"));
        Assert.Contains("<th>image similarity</th>", page, StringComparison.Ordinal);
        var (_, _, again) = await folder.RunAsync("sweep.yaml");
        Assert.DoesNotContain("evaluating", again, StringComparison.Ordinal);

        Write("eval: {count: 2, steps: 2, clip-model: " + Goldens.Path("models", "clip") + "}\n");
        var embedding = File.GetLastWriteTimeUtc(folder.Sweep.EmbeddingOf("my-cat"));
        var (other, _, said) = await folder.RunAsync("sweep.yaml");

        Assert.True(other == 0, said);
        Assert.Contains("evaluating my-cat", said, StringComparison.Ordinal);
        Assert.Equal(embedding, File.GetLastWriteTimeUtc(folder.Sweep.EmbeddingOf("my-cat")));
    }

    [Fact]
    public async Task Sweep_DiskOfOneCellIsFull_TrainsTheOthersAndContinuesWhenThereIsRoom()
    {
        Write("");
        var run = folder.Sweep.RunOf("my-cat");
        Directory.CreateDirectory(run);
        if (!TryMount("-t", "tmpfs", "-o", "size=16k", "none", run))
            return; // only root may mount, and not everywhere
        try
        {
            var (exitCode, _, error) = await folder.RunAsync("sweep.yaml");

            Assert.Equal(1, exitCode);
            Assert.Contains("error: 1 cell failed:", error, StringComparison.Ordinal);
            Assert.Equal(CellState.Failed, folder.Sweep.StateOf("my-cat"));
            Assert.Contains("space", folder.Sweep.ErrorOf("my-cat"), StringComparison.OrdinalIgnoreCase);
            Assert.Equal(CellState.Done, folder.Sweep.StateOf("my-dog"));
            Assert.False(File.Exists(folder.Sweep.EmbeddingOf("my-cat")));
            Assert.True(TryMount("-o", "remount,size=64m", "none", run));

            var (again, _, said) = await folder.RunAsync("sweep.yaml");

            Assert.True(again == 0, said);
            Assert.Equal(CellState.Done, folder.Sweep.StateOf("my-cat"));
        }
        finally
        {
            Start("umount", run);
        }
    }

    private void Write(string more) =>
        folder.Write(
            "sweep.yaml",
            $$"""
            model: {{SweepTestFolder.Model}}
            concepts:
              - {token: my-cat, images: cat, initializer: cat}
              - {token: my-dog, images: dog, initializer: dog}
            {{SweepTestFolder.Short}}{{more}}
            """
        );

    private static bool TryMount(params string[] arguments) => OperatingSystem.IsLinux() && Start("mount", arguments);

    private static bool Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
