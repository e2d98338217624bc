using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using TextualInversion.Data;
using TextualInversion.Embeddings;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests;

/// <summary>Ctrl-C while the real program generates many images, or trains.</summary>
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

    /// <summary>The translation, or what the few steps made of it if that is better.</summary>
    [Fact]
    public async Task Translate_InterruptedDuringTheSteps_KeepsTheBestSoFar()
    {
        if (OperatingSystem.IsWindows())
            return; // Windows has no such signal
        var source = folder.File("my-cat.safetensors");
        using (var rows = arange(64, dtype: ScalarType.Float32, device: CPU).reshape(2, 32).mul(0.001f))
            EmbeddingFile.Write(
                source,
                new LearnedEmbedding("<my-cat>", [rows], new Dictionary<string, string>()),
                overwrite: false
            );
        string[] arguments =
        [
            "translate",
            source,
            "--from-model",
            Goldens.Path("models", "sd1"),
            "--to-model",
            Goldens.Path("models", "sdxl"),
            "--output",
        ];
        var (plainCode, _, _) = await TiRunner.RunAsync([.. arguments, folder.File("plain.safetensors")]);

        // The batch is large, so that there are not many steps before the interrupt is seen.
        var (exitCode, output) = await RunUntilAsync(
            messages => messages.Contains("step 1/", StringComparison.Ordinal),
            [
                .. arguments,
                folder.File("trained.safetensors"),
                "--images",
                Goldens.Sample("my-cat"),
                "--steps",
                "100000",
                "--batch",
                "32",
                "--json",
            ]
        );

        Assert.Equal((0, Cancelled), (plainCode, exitCode));
        using var json = JsonDocument.Parse(output);
        var training = json.RootElement.GetProperty("training");
        Assert.Equal("cancelled", training.GetProperty("end").GetString());
        Assert.InRange(training.GetProperty("steps").GetInt32(), 1, 99999);
        var best = training.GetProperty("bestStep").GetInt32();
        var loss = training.GetProperty("validation");
        var (initial, reached) = (loss.GetProperty("initial").GetDouble(), loss.GetProperty("best").GetDouble());
        Assert.Equal(best > 0, reached < initial);
        using var plain = EmbeddingFile.Read(folder.File("plain.safetensors"));
        using var kept = EmbeddingFile.Read(folder.File("trained.safetensors"));
        Assert.Equal($"{best}", kept.Provenance["steps"]);
        Assert.Equal(plain.Widths, kept.Widths);
        foreach (var (one, other) in plain.Rows.Zip(kept.Rows))
        {
            Assert.Equal(best == 0, Values(one).SequenceEqual(Values(other)));
            using var cosine = nn.functional.cosine_similarity(one, other, dim: 1).min();
            Assert.InRange(cosine.item<float>(), 0.9f, 1.0001f);
        }
    }

    private static float[] Values(Tensor rows) => rows.data<float>().ToArray();

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

    private static Task<(int ExitCode, string Output)> RunUntilAsync(string file, string[] arguments) =>
        RunUntilAsync(_ => File.Exists(file), arguments);

    /// <summary>Runs the program, and interrupts it.</summary>
    /// <param name="isTime">Whether to interrupt it, by the messages that it has written.</param>
    /// <param name="arguments">The command line.</param>
    private static async Task<(int ExitCode, string Output)> RunUntilAsync(
        Func<string, bool> isTime,
        string[] arguments
    )
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
        var error = new ConcurrentQueue<string>();
        process.ErrorDataReceived += (_, line) => error.Enqueue(line.Data ?? "");
        process.BeginErrorReadLine();
        var output = process.StandardOutput.ReadToEndAsync();
        while (!isTime(string.Join('\n', error)) && !process.HasExited)
            await Task.Delay(20);
        Assert.False(process.HasExited, string.Join('\n', error));
        using (
            var kill = Process.Start(
                "kill",
                [IsInterruptIgnored() ? "-TERM" : "-INT", process.Id.ToString(CultureInfo.InvariantCulture)]
            )
        )
            await kill.WaitForExitAsync();
        await process.WaitForExitAsync();
        Assert.Contains("canceled", string.Join('\n', error), StringComparison.Ordinal);
        return (process.ExitCode, await output);
    }

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
