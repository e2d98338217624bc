using System.Diagnostics;
using TextualInversion.Embeddings;
using TextualInversion.IO;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests;

/// <summary>
/// Signals, full disks, closed streams and narrow terminals. Each test runs the real program in a shell.
/// </summary>
[Trait("Category", "EndToEnd")]
public sealed class ProcessRobustnessTests : IDisposable
{
    private static readonly string Dotnet =
        $"'{Environment.ProcessPath}' exec '{Path.Combine(AppContext.BaseDirectory, "ti.dll")}'";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task Train_Signal_KeepsWhatWasLearned(string signal)
    {
        using var shell = Start($"exec {Train(steps: 100_000)}");
        await UntilAsync(() => Lines("metrics.csv") > 3, shell);
        await SendAsync(signal, $"{shell.Id}");
        var error = await shell.StandardError.ReadToEndAsync();
        await shell.WaitForExitAsync();

        Assert.True(shell.ExitCode == 130, error);
        Assert.Contains("resume with ti train --resume", error);
        using var kept = EmbeddingFile.Read(folder.File("embeddings/my-cat.safetensors"));
        Assert.True(File.Exists(folder.File("runs/my-cat/run.json")));
    }

    [Theory]
    [InlineData("HUP", 129, false)]
    [InlineData("TERM", 143, true)]
    public async Task Train_SecondSignalWhileItComputes_EndsAtOnceWithoutExitHandlers(
        string signal,
        int expected,
        bool isFirstProcess
    )
    {
        const string Container = "unshare --user --map-root-user --pid --fork --kill-child";
        if (!OperatingSystem.IsLinux() || (isFirstProcess && (await RunAsync($"{Container} true")).ExitCode != 0))
            return;
        // A step of many seconds. glibc's loader notes each exit handler of a library that it calls. The system ends
        // the first process of a container by no signal, only the program can.
        var train = Train(steps: 2, batch: 32, resolution: 256);
        var log = $"LD_DEBUG=files LD_DEBUG_OUTPUT='{folder.File("loader")}'";
        using var shell = Start($"exec {(isFirstProcess ? Container : "")} env {log} {train}");
        await UntilAsync(() => File.Exists(folder.File("runs/my-cat/state.safetensors")), shell);
        var error = shell.StandardError.ReadToEndAsync();
        var program = isFirstProcess
            ? await File.ReadAllTextAsync($"/proc/{shell.Id}/task/{shell.Id}/children")
            : $"{shell.Id}";
        while (!shell.HasExited)
        {
            await SendAsync(signal, program.Trim());
            await Task.Delay(200);
        }

        Assert.Equal(expected, shell.ExitCode);
        var calls = await File.ReadAllTextAsync($"{folder.File("loader")}.{(isFirstProcess ? 1 : shell.Id)}");
        Assert.Contains("calling init:", calls, StringComparison.Ordinal);
        Assert.DoesNotContain("calling fini:", calls, StringComparison.Ordinal);
        Assert.DoesNotContain("step 1/2", await error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("embeddings/my-cat.safetensors")));
    }

    [Fact]
    public async Task Train_FileThatCannotBeWrittenOnTheWay_IsNamedAndTheRunGoesOnLater()
    {
        // A folder in the place of the checkpoint.
        folder.Write("runs/my-cat/checkpoints/step-000002.safetensors/x", "");
        var (exitCode, _, error) = await RunAsync($"{Train(steps: 3)} --save-every 2 --overwrite");
        Assert.True(exitCode == 1, error);
        Assert.Contains("step-000002.safetensors: is a folder; name a file.", error);
        Assert.Contains("resume with ti train --resume runs/my-cat", error);

        Directory.Delete(folder.File("runs/my-cat/checkpoints"), recursive: true);
        (exitCode, _, error) = await RunAsync($"{Dotnet} train --resume runs/my-cat");
        Assert.True(exitCode == 0, error);
        Assert.Contains("resuming after step 2", error);
        Assert.Equal(
            ["0", "1", "2", "3"],
            File.ReadLines(folder.File("runs/my-cat/metrics.csv")).Skip(1).Select(line => line.Split(',')[0])
        );
    }

    [Theory]
    [InlineData(">&-", 0, "")]
    [InlineData("2>/dev/full", 0, "")]
    [InlineData(">/dev/full", 1, "error: The result cannot be written to standard output (No space left on device)")]
    public async Task Convert_StreamThatCannotBeWritten_DoesItsWork(string redirection, int expected, string message)
    {
        if (!OperatingSystem.IsLinux())
            return;
        var (exitCode, _, error) = await RunAsync($"{Convert} {redirection}");
        Assert.True(exitCode == expected, error);
        Assert.Contains(message, error);
        Assert.True(File.Exists(folder.File("x.pt")));
    }

    [Fact]
    public async Task Convert_ReaderThatLeaves_DoesItsWork()
    {
        var (_, output, error) = await RunAsync($"({Convert}; echo $? >code) | head -0; cat code");
        Assert.True(output.Trim() == "0", error);
    }

    [Fact]
    public async Task Train_AllStreamsClosed_LearnsAllTheSame()
    {
        if (!OperatingSystem.IsLinux())
            return;
        Assert.Equal(0, (await RunAsync($"{Train(steps: 2)} >&- 2>&- <&-")).ExitCode);
        using var learned = EmbeddingFile.Read(folder.File("embeddings/my-cat.safetensors"));
        Assert.True(File.Exists(folder.File("runs/my-cat/run.json")));
    }

    [Fact]
    public async Task Train_NarrowTerminal_ShowsItsProgressThere()
    {
        if (!File.Exists("/usr/bin/script"))
            return;
        var (exitCode, output, error) = await RunAsync(
            $"script -qec \"stty cols 20 rows 10; {Train(steps: 3)}\" /dev/null </dev/null"
        );
        Assert.True(exitCode == 0, output + error);
        Assert.Contains("step 3/3", output);
        Assert.True(File.Exists(folder.File("embeddings/my-cat.safetensors")));
    }

    [Fact]
    public async Task Train_EmbeddingsThatCannotBeWritten_SaysSoBeforeTraining()
    {
        folder.Write("embeddings/my-cat.safetensors/x", ""); // a folder where the file should be
        Assert.Contains("is a folder", (await RunAsync(Train(steps: 2))).Error);
        Assert.Contains(
            "cannot be written to",
            Assert.Throws<TextualInversionException>(() => AtomicFile.RequireWritable("/proc/nowhere")).Message
        );
        Assert.False(Directory.Exists(folder.File("runs")));
    }

    private static string Convert => $"{Dotnet} convert '{SmallEmbedding}' --to webui --output x.pt";

    private static string SmallEmbedding =>
        Path.Combine(
            Goldens.Repository,
            "tests/TextualInversion.Tests/Fixtures/fuzz/safetensors/diffusers.safetensors"
        );

    private static string Train(int steps, int batch = 1, int resolution = 32) =>
        $"{Dotnet} train --model '{Goldens.Path("models", "sd1")}' --images '{Goldens.Sample("my-cat")}' "
        + $"--token my-cat --initializer cat --seed 1 --batch {batch} --resolution {resolution} "
        + $"--validate-every {(batch == 1 ? 50 : 0)} --patience 0 --steps {steps}";

    private static async Task SendAsync(string signal, string process)
    {
        using var kill = Process.Start("kill", ["-" + signal, process]);
        await kill.WaitForExitAsync();
    }

    private Process Start(string command)
    {
        var start = new ProcessStartInfo("sh", ["-c", command])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["OMP_NUM_THREADS"] = "1";
        return Process.Start(start)!;
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string command)
    {
        using var shell = Start(command);
        var (output, error) = (shell.StandardOutput.ReadToEndAsync(), shell.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        try
        {
            await shell.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            shell.Kill(entireProcessTree: true);
            Assert.Fail($"{command}: hangs");
        }

        return (shell.ExitCode, await output, await error);
    }

    private int Lines(string name) =>
        File.Exists(folder.File($"runs/my-cat/{name}"))
            ? File.ReadLines(folder.File($"runs/my-cat/{name}")).Count()
            : 0;

    private static async Task UntilAsync(Func<bool> isSo, Process process)
    {
        var clock = Stopwatch.StartNew();
        while (!isSo())
        {
            Assert.False(process.HasExited, "the program ended by itself");
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(4), "nothing happens");
            await Task.Delay(50);
        }
    }
}
