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
        Assert.Contains(
            "2 cells to train, at most 6 steps, 2 cells to score: at most ",
            error,
            StringComparison.Ordinal
        );
        var (_, status, _) = await TiRunner.RunAsync("sweep", "status", folder.Output);
        Assert.Matches(@"my-cat +done +image similarity \d\.\d{3}, score -?\d+\.\d %", status);
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

    /// <summary>
    /// A limit on the size of files stands for a full disk: the state of one cell exceeds it, since it holds a long
    /// caption.
    /// </summary>
    [Fact]
    public async Task Sweep_NoRoomForTheFilesOfOneCell_TrainsTheOthersAndContinuesWhenThereIsRoom()
    {
        Write("");
        var caption = string.Join(' ', Enumerable.Repeat("on a wooden table", 20_000));
        folder.Write("cat/1.txt", $"a photo of a <my-cat> {caption}");
        var arguments = $"sweep sweep.yaml --output '{folder.Output}'";

        await TiProcess.RunAsync(folder.File("."), $"{arguments} --check"); // leaves libtorch's bridge in the cache

        // Blocks of 512 bytes; without the trap the signal would end the process.
        var (exitCode, _, error) = await TiProcess.RunAsync(
            folder.File("."),
            arguments,
            // With it, .NET makes a large file in memory when it starts.
            new Dictionary<string, string> { ["DOTNET_EnableWriteXorExecute"] = "0" },
            before: "trap '' XFSZ; ulimit -f 500; "
        );

        Assert.Equal(1, exitCode);
        Assert.Contains("error: 1 cell failed:", error, StringComparison.Ordinal);
        Assert.Equal(CellState.Failed, folder.Sweep.StateOf("my-cat"));
        Assert.Contains("would be larger than is allowed", folder.Sweep.ErrorOf("my-cat"), StringComparison.Ordinal);
        Assert.Equal(CellState.Done, folder.Sweep.StateOf("my-dog"));
        Assert.False(File.Exists(folder.Sweep.EmbeddingOf("my-cat")));

        var (again, _, said) = await TiProcess.RunAsync(folder.File("."), arguments);

        Assert.True(again == 0, said);
        Assert.Equal(CellState.Done, folder.Sweep.StateOf("my-cat"));
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
}
