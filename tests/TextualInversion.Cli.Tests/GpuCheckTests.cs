using System.Diagnostics;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests;

/// <summary>The program behind <c>scripts/gpu-check</c>, on the CPU with small models.</summary>
[Trait("Category", "EndToEnd")]
public sealed class GpuCheckTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Run_OnTheCpu_MeasuresAllAndContinuesWhereItStopped()
    {
        var (exitCode, _) = await RunAsync("--device", "cpu", "--tiny", "--minutes", "30");
        var results = Directory.GetFiles(folder.Path, "*.json").Select(Path.GetFileName).Order().ToList();
        var written = File.GetLastWriteTimeUtc(folder.File("training-demo-auto.json"));
        File.Delete(folder.File("speed-sdxl-bf16.json"));
        var (again, output) = await RunAsync("--device", "cpu", "--tiny", "--minutes", "30");

        Assert.Equal((0, 0), (exitCode, again));
        Assert.Equal(
            [
                "comparison-demo-bf16.json",
                "comparison-demo-fp32.json",
                "speed-sd15-bf16-checkpointing.json",
                "speed-sd15-bf16.json",
                "speed-sdxl-bf16-checkpointing.json",
                "speed-sdxl-bf16.json",
                "training-demo-auto.json",
            ],
            results
        );
        Assert.True(File.Exists(folder.File("speed-sdxl-bf16.json")));
        Assert.Equal(written, File.GetLastWriteTimeUtc(folder.File("training-demo-auto.json")));
        var report = await File.ReadAllTextAsync(folder.File("report.md"));
        Assert.Contains(report.Trim(), output, StringComparison.Ordinal);
        Assert.Contains(
            "| fp32 | 0.000 % of 0.2 % | 0.000 % of 2.0 % | 0 of 2 | ok |",
            report,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("not done", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NoTimeLeft_SaysHowToContinue()
    {
        var (exitCode, output) = await RunAsync("--device", "cpu", "--tiny", "--minutes", "0");

        Assert.Equal(0, exitCode);
        Assert.Contains("run it again", output, StringComparison.Ordinal);
        Assert.Contains("not done", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--minutes", "soon", "--minutes soon: choose a number")]
    [InlineData("--minutes", "NaN", "--minutes NaN: choose a number")]
    [InlineData("--output", "file", "is a file, not a folder")]
    public async Task Run_WrongOption_IsOneLine(string option, string value, string expected)
    {
        folder.Write("file", "");

        var (exitCode, output) = await RunAsync(
            "--device",
            "cpu",
            option,
            value == "file" ? folder.File("file") : value
        );

        Assert.Equal(2, exitCode);
        Assert.StartsWith("error: ", output, StringComparison.Ordinal);
        Assert.Contains(expected, output, StringComparison.Ordinal);
        Assert.Single(output.TrimEnd().Split('\n'));
    }

    private async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "gpu-check.dll");
        string[] all = ["exec", program, "--output", folder.Path, "--python", "no-python", .. arguments];
        var start = new ProcessStartInfo(Environment.ProcessPath!, all)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["OMP_NUM_THREADS"] = "1";
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }
}
