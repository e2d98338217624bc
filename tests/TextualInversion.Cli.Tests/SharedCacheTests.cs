using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.IO;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests;

/// <summary>Eight processes at once on one cache of the hub, and on one cache of generated images.</summary>
[Trait("Category", "EndToEnd")]
public sealed class SharedCacheTests : IDisposable
{
    private const int Processes = 8;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task ModelsGet_EightProcesses_LeaveEachFileWholeAndOnce()
    {
        using var hub = new HubServer { Model = "artist/tiny" };
        var model = Goldens.Path("models", "sd1");
        foreach (var file in Directory.EnumerateFiles(model, "*", SearchOption.AllDirectories))
            hub.Files[Path.GetRelativePath(model, file)] = await File.ReadAllBytesAsync(file);
        var environment = new Dictionary<string, string>
        {
            ["HF_ENDPOINT"] = hub.Address.ToString().TrimEnd('/'),
            ["HF_HUB_CACHE"] = folder.File("hub"),
            ["HF_HUB_OFFLINE"] = "0",
        };

        var runs = await Task.WhenAll(
            Enumerable
                .Range(0, Processes)
                .Select(_ => TiProcess.RunAsync(folder.Path, "models get artist/tiny", environment))
        );

        Assert.All(runs, run => Assert.True(run.ExitCode == 0, run.Error));
        var (exitCode, _, error) = await TiProcess.RunAsync(folder.Path, "models verify artist/tiny", environment);
        Assert.True(exitCode == 0, error);
        var snapshots = Path.Combine(folder.File("hub"), "models--artist--tiny", "snapshots");
        var cached = Directory.EnumerateFiles(snapshots, "*", SearchOption.AllDirectories).ToList();
        Assert.NotEmpty(cached);
        Assert.All(
            cached,
            file =>
            {
                var name = Path.GetRelativePath(Path.Combine(snapshots, HubServer.Commit), file);
                Assert.Equal(Sha256.OfBytes(hub.Files[name]), Sha256.OfFile(file));
            }
        );
        Assert.Empty(Directory.EnumerateFiles(folder.File("hub"), "*.incomplete", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Eval_EightProcessesWithOneCache_GiveTheSameScores()
    {
        var (trained, _, problem) = await TiProcess.RunAsync(
            folder.Path,
            $"train --model demo --images {ShellCommand.Quote(Goldens.Sample("my-cat"))} --token my-cat "
                + "--initializer cat --seed 1 --steps 1 --batch 1 --resolution 64 --validate-every 0"
        );
        Assert.True(trained == 0, problem);
        await File.WriteAllTextAsync(folder.File("prompts.txt"), "a sketch of {}\n");

        var runs = await Task.WhenAll(
            Enumerable
                .Range(0, Processes)
                .Select(_ =>
                    TiProcess.RunAsync(
                        folder.Path,
                        "eval --run runs/my-cat --count 2 --steps 1 --prompts prompts.txt --cache cache --json --quiet"
                    )
                )
        );

        Assert.All(runs, run => Assert.True(run.ExitCode == 0, run.Error));
        var scores = runs.Select(run => JsonSerializer.Deserialize<JsonElement>(run.Output).GetProperty("rows"))
            .Select(rows => rows.GetRawText())
            .ToList();
        Assert.All(scores, score => Assert.Equal(scores[0], score));
        Assert.DoesNotContain(
            Directory.EnumerateFiles(folder.File("cache"), "*", SearchOption.AllDirectories),
            file => file.EndsWith(".tmp", StringComparison.Ordinal)
        );
    }
}
