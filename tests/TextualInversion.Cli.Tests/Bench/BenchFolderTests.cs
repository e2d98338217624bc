using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Bench;

/// <summary>The temporary folder of random weights, with the real program and a model of real size.</summary>
[Trait("Category", "EndToEnd")]
public sealed class BenchFolderTests : IDisposable
{
    private const string Arguments = "bench --size sd15 --device cpu --precision fp32 --resolution 64";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Bench_Size_MeasuresAndLeavesNothing()
    {
        if (OperatingSystem.IsWindows())
            return; // another variable names the temporary folder
        var (exitCode, output, error) = await TiProcess.RunAsync(
            folder.Path,
            $"{Arguments} --steps 1 --json",
            new Dictionary<string, string> { ["TMPDIR"] = folder.Path }
        );

        Assert.True(exitCode == ExitCode.Done, error);
        Assert.Contains($"writing 2.1 GB of random weights to {folder.Path}", error, StringComparison.Ordinal);
        var result = JsonDocument.Parse(output).RootElement;
        Assert.Equal("random weights of the size of Stable Diffusion 1.5", result.GetProperty("model").GetString());
        Assert.InRange(result.GetProperty("peakBytes").GetInt64(), 3_400_000_000, 12_000_000_000); // 860 M in float32
        Assert.Empty(Leftovers());
    }

    [Fact]
    public async Task Bench_Interrupted_LeavesNothing()
    {
        if (OperatingSystem.IsWindows())
            return; // Windows has no such signal
        var start = new ProcessStartInfo(
            Environment.ProcessPath!,
            ["exec", Path.Combine(AppContext.BaseDirectory, "ti.dll"), .. Arguments.Split(' '), "--steps", "10000"]
        )
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        (start.Environment["OMP_NUM_THREADS"], start.Environment["TMPDIR"]) = ("1", folder.Path);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var lines = new List<string>();
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            lines.Add(line);
            if (line != "first step")
                continue;
            Assert.Single(Leftovers());
            using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
        }

        await process.WaitForExitAsync();
        Assert.Equal(ExitCode.Cancelled, process.ExitCode);
        Assert.Equal(("canceled", ""), (lines[^1], await output));
        Assert.Empty(Leftovers());
    }

    private string[] Leftovers() => Directory.GetDirectories(folder.Path, "ti-bench-*");
}
