using System.Diagnostics;
using System.Globalization;
using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests;

/// <summary>Ctrl-C while the real program generates many images.</summary>
[Trait("Category", "EndToEnd")]
public sealed class InterruptTests : IDisposable
{
    private const int Planned = 500,
        Cancelled = 130;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Generate_Interrupted_KeepsAndPrintsWhatIsFinished(bool hasSheet)
    {
        if (OperatingSystem.IsWindows())
            return; // Windows has no such signal

        var (exitCode, output) = await RunUntilAsync(folder.File("0003.png"), hasSheet);

        Assert.Equal(Cancelled, exitCode);
        var printed = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Path.GetFullPath).ToList();
        // Including incomplete ones.
        var files = Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories);
        Assert.Equal(files.Order(), printed.Order());
        var count = printed.Count - (hasSheet ? 1 : 0);
        Assert.InRange(count, 3, Planned - 1);
        Assert.Equal(
            Enumerable
                .Range(1, count)
                .Select(i => folder.File(i.ToString("D4", CultureInfo.InvariantCulture) + ".png")),
            printed.Take(count)
        );
        foreach (var path in printed.Take(count))
            Assert.Equal((32, 32), SizeOf(path));
        if (!hasSheet)
            return;
        const int Columns = 23,
            Cell = 32 + 4; // of a grid for 500
        Assert.Equal(folder.File("grid-0001.png"), printed[^1]);
        Assert.Equal(
            (4 + Math.Min(count, Columns) * Cell, 4 + (count + Columns - 1) / Columns * Cell),
            SizeOf(printed[^1])
        );
    }

    [Fact]
    public async Task Describe_InterruptedWhileGenerating_PrintsThePhraseAndTheImages()
    {
        if (OperatingSystem.IsWindows())
            return; // Windows has no such signal
        string[] arguments =
        [
            "describe",
            Goldens.Sample("my-cat"),
            "--model",
            Goldens.Path("models", "sd1"),
            "--words",
            "1",
            "--batch",
            "10",
            "--resolution",
            "32",
            "--seed",
            "1",
            "--count",
            "100",
            "--output",
            folder.Path,
        ];

        var (exitCode, output) = await RunUntilAsync(folder.File("0003.png"), arguments);

        Assert.Equal(Cancelled, exitCode);
        var printed = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.DoesNotContain(".png", printed[0], StringComparison.Ordinal); // the phrase
        var files = Directory.EnumerateFiles(folder.Path).Order().ToList();
        Assert.Equal(files, printed.Skip(1).Select(Path.GetFullPath));
        Assert.InRange(files.Count, 3, 99);
    }

    private Task<(int ExitCode, string Output)> RunUntilAsync(string file, bool hasSheet) =>
        RunUntilAsync(
            file,
            [
                "generate",
                "--model",
                "demo",
                "--prompt",
                "a cat",
                "--steps",
                "2",
                "--width",
                "32",
                "--height",
                "32",
                "--seed",
                "1",
                "--count",
                $"{Planned}",
                "--output",
                folder.Path,
                "--quiet",
                .. hasSheet ? ["--grid"] : Array.Empty<string>(),
            ]
        );

    private static async Task<(int ExitCode, string Output)> RunUntilAsync(string file, string[] arguments)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath!,
            ["exec", Path.Combine(AppContext.BaseDirectory, "ti.dll"), .. arguments]
        )
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["OMP_NUM_THREADS"] = "1"; // on a busy machine, threads that wait for each other take forever
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        while (!File.Exists(file) && !process.HasExited)
            await Task.Delay(20);
        Assert.False(process.HasExited, await Finished(error));
        using (
            var kill = Process.Start(
                "kill",
                [IsInterruptIgnored() ? "-TERM" : "-INT", process.Id.ToString(CultureInfo.InvariantCulture)]
            )
        )
            await kill.WaitForExitAsync();
        await process.WaitForExitAsync();
        Assert.Contains("canceled", await error, StringComparison.Ordinal);
        return (process.ExitCode, await output);
    }

    private static async Task<string> Finished(Task<string> text) => text.IsCompleted ? await text : "";

    /// <summary>
    /// Whether SIGINT is ignored, as in programs that a shell starts in the background, and in those that they start.
    /// SIGTERM is handled in the same way.
    /// </summary>
    private static bool IsInterruptIgnored()
    {
        const string Status = "/proc/self/status",
            Field = "SigIgn:"; // see proc_pid_status(5)
        if (!File.Exists(Status))
            return false;
        var mask = File.ReadLines(Status).First(line => line.StartsWith(Field, StringComparison.Ordinal))[
            Field.Length..
        ];
        const ulong Interrupt = 1 << 1; // SIGINT is 2, the second bit
        return (ulong.Parse(mask.Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & Interrupt) != 0;
    }

    private static (int Width, int Height) SizeOf(string path)
    {
        var image = ImageDecoder.Decode(path);
        return (image.WidthPixels, image.HeightPixels);
    }
}
