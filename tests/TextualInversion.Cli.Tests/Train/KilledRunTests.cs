using System.Diagnostics;
using TextualInversion.Data;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Tests.Train;

/// <summary>Runs of the real program that are killed and resumed.</summary>
[Trait("Category", "EndToEnd")]
public sealed class KilledRunTests : IDisposable
{
    private const int Kills = 20;

    private static readonly string[] Sampling =
    [
        "--sample-every",
        "3",
        "--sample-steps",
        "1",
        "--sample-sampler",
        "euler",
    ];

    private readonly TrainFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Train_KilledAtRandomMoments_GivesTheSameFilesAsWithoutStopping()
    {
        string[] everythingRandom =
        [
            .. folder.ImagesOfSeveralShapesWithMasks(),
            "--hold-out",
            "--captions",
            "mixed",
            "--shuffle-tags",
            "--drop-tags",
            "0.3",
        ];
        var clock = Stopwatch.StartNew();
        Assert.True(
            await RunAsync(
                [.. folder.Command("whole"), .. everythingRandom, "--steps", "8", .. Sampling],
                untilMilliseconds: null
            )
        );
        var longest = (int)clock.ElapsedMilliseconds;
        var random = new Random(1);
        var killed = 0;
        for (var run = 0; killed < Kills; run++)
        {
            Assert.True(run < 10 * Kills, "hardly any run is still there to be killed");
            clock.Restart();
            var isOver = await RunAsync(Next(), random.Next(longest));
            if (isOver)
            {
                longest = (int)clock.ElapsedMilliseconds; // other tests may have slowed the earlier run
                AssertSameAndStartAnew();
            }
            else
            {
                killed++;
            }
        }

        Assert.True(await RunAsync(Next(), untilMilliseconds: null));
        AssertSameAndStartAnew();

        // Their metadata contain the folder of the run.
        IEnumerable<byte[]> Pixels(string whose) =>
            Directory
                .EnumerateFiles(folder.File($"{whose}/{TrainFolder.Run}/samples"), "*.png")
                .Order(StringComparer.Ordinal)
                .Select(file => ImageDecoder.Decode(file).Pixels);

        IEnumerable<(long, Tensorboard.Summary)> Events(string whose) =>
            EventRecords
                .Read(File.ReadAllBytes(folder.File($"{whose}/{TrainFolder.Run}/events.out.tfevents.ti")))
                .Select(Tensorboard.Event.Parser.ParseFrom)
                .Select(step => (step.Step, step.Summary));

        string[] Next() =>
            File.Exists(folder.File($"killed/{TrainFolder.Run}/state.safetensors"))
                ? ["train", "--resume", folder.File($"killed/{TrainFolder.Run}")]
                : [.. folder.Command("killed"), .. everythingRandom, "--steps", "8", "--overwrite", .. Sampling];

        void AssertSameAndStartAnew()
        {
            foreach (
                var file in new[]
                {
                    TrainFolder.Embedding,
                    $"{TrainFolder.Run}/last.safetensors",
                    $"{TrainFolder.Run}/metrics.csv",
                    $"{TrainFolder.Run}/checkpoints/step-000006.safetensors",
                }
            )
                Assert.Equal(
                    File.ReadAllBytes(folder.File($"whole/{file}")),
                    File.ReadAllBytes(folder.File($"killed/{file}"))
                );
            foreach (
                var file in Directory.EnumerateFiles(folder.File($"whole/{TrainFolder.Run}/samples"), "*.safetensors")
            )
                Assert.Equal(
                    File.ReadAllBytes(file),
                    File.ReadAllBytes(file.Replace("/whole/", "/killed/", StringComparison.Ordinal))
                );
            Assert.Equal(Pixels("whole"), Pixels("killed"));
            Assert.Equal(Events("whole"), Events("killed"));
            Directory.Delete(folder.File("killed"), recursive: true);
        }
    }

    /// <summary>Runs the real program.</summary>
    /// <param name="arguments">The arguments as the shell passes them.</param>
    /// <param name="untilMilliseconds">The time after which it is killed, or null to let it finish.</param>
    /// <returns>Whether it finished.</returns>
    private static async Task<bool> RunAsync(string[] arguments, int? untilMilliseconds)
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
        using var timer = new CancellationTokenSource(untilMilliseconds ?? Timeout.Infinite);
        try
        {
            await process.WaitForExitAsync(timer.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(); // SIGKILL
            await process.WaitForExitAsync();
        }

        await output;
        var said = await error;
        var isKilled = process.ExitCode == 137;
        Assert.True(isKilled || process.ExitCode == 0, $"exit code {process.ExitCode}: {said}");
        return !isKilled;
    }
}
