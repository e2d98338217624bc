using System.Diagnostics;
using TextualInversion.Cli.Runs;
using TextualInversion.Data;
using TextualInversion.Embeddings;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training.RunFiles;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Train;

/// <summary>Runs that were stopped or killed, and go on.</summary>
[Trait("Category", "EndToEnd")]
public sealed class ResumeTests : IDisposable
{
    private const int Kills = 20;
    private const string Embedding = "embeddings/my-cat.safetensors",
        Run = "runs/my-cat";

    private static readonly string[] Sampling =
    [
        "--sample-every",
        "3",
        "--sample-steps",
        "1",
        "--sample-sampler",
        "euler",
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Train_KilledAtRandomMoments_GivesTheSameFilesAsWithoutStopping()
    {
        string[] everythingRandom =
        [
            .. ImagesOfSeveralShapesWithMasks(),
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
                [.. Command("whole"), .. everythingRandom, "--steps", "8", .. Sampling],
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
                longest = (int)clock.ElapsedMilliseconds; // the other tests may have slowed the one before
                AssertSameAndStartAnew();
            }
            else
            {
                killed++;
            }
        }

        Assert.True(await RunAsync(Next(), untilMilliseconds: null));
        AssertSameAndStartAnew();

        // Their files say in whose folder they are.
        IEnumerable<byte[]> Pixels(string whose) =>
            Directory
                .EnumerateFiles(folder.File($"{whose}/{Run}/samples"), "*.png")
                .Order(StringComparer.Ordinal)
                .Select(file => ImageDecoder.Decode(file).Pixels);

        IEnumerable<(long, Tensorboard.Summary)> Events(string whose) =>
            EventRecords
                .Read(File.ReadAllBytes(folder.File($"{whose}/{Run}/events.out.tfevents.ti")))
                .Select(Tensorboard.Event.Parser.ParseFrom)
                .Select(step => (step.Step, step.Summary));

        string[] Next() =>
            File.Exists(folder.File($"killed/{Run}/state.safetensors"))
                ? ["train", "--resume", folder.File($"killed/{Run}")]
                : [.. Command("killed"), .. everythingRandom, "--steps", "8", "--overwrite", .. Sampling];

        void AssertSameAndStartAnew()
        {
            foreach (
                var file in new[]
                {
                    Embedding,
                    $"{Run}/last.safetensors",
                    $"{Run}/metrics.csv",
                    $"{Run}/checkpoints/step-000006.safetensors",
                }
            )
                Assert.Equal(
                    File.ReadAllBytes(folder.File($"whole/{file}")),
                    File.ReadAllBytes(folder.File($"killed/{file}"))
                );
            foreach (var file in Directory.EnumerateFiles(folder.File($"whole/{Run}/samples"), "*.safetensors"))
                Assert.Equal(
                    File.ReadAllBytes(file),
                    File.ReadAllBytes(file.Replace("/whole/", "/killed/", StringComparison.Ordinal))
                );
            Assert.Equal(Pixels("whole"), Pixels("killed"));
            Assert.Equal(Events("whole"), Events("killed"));
            Directory.Delete(folder.File("killed"), recursive: true);
        }
    }

    [Fact]
    public async Task Train_ResumeOfARunThatIsOver_GivesTheSameFile()
    {
        await BeginAsync();
        var before = await File.ReadAllBytesAsync(folder.File(Embedding));

        var (exitCode, output, error) = await TiRunner.RunAsync("train", "--resume", folder.File(Run), "--json");

        Assert.True(exitCode == 0, error);
        Assert.Contains("\"steps\": 2", output);
        Assert.Equal(before, await File.ReadAllBytesAsync(folder.File(Embedding)));
    }

    [Fact]
    public async Task Train_SaveEvery_WritesEmbeddingsOfTheStepsOnTheWay()
    {
        await BeginAsync();

        using var first = EmbeddingFile.Read(folder.File($"{Run}/checkpoints/step-000001.safetensors"));
        using var second = EmbeddingFile.Read(folder.File($"{Run}/checkpoints/step-000002.safetensors"));
        using var last = EmbeddingFile.Read(folder.File($"{Run}/last.safetensors"));
        Assert.Equal("1", first.Provenance["steps"]);
        Assert.Equal(last.Provenance["base_model_sha256"], first.Provenance["base_model_sha256"]);
        Assert.NotEqual(first.Rows[0].data<float>().ToArray(), last.Rows[0].data<float>().ToArray());
        Assert.Equal(last.Rows[0].data<float>().ToArray(), second.Rows[0].data<float>().ToArray());
    }

    [Fact]
    public async Task Train_Overwrite_LeavesNoCheckpointsOfTheRunBefore()
    {
        await BeginAsync();
        await TiRunner.RunAsync([.. Command("."), "--steps", "1", "--overwrite"]);

        Assert.Equal(
            ["step-000001.safetensors"],
            Directory.EnumerateFiles(folder.File($"{Run}/checkpoints")).Select(Path.GetFileName)
        );
    }

    [Fact]
    public async Task Resume_OtherRate_NamesTheOption()
    {
        await BeginAsync();
        await RefusesAsync(
            "option LearningRate: was 0.01 when the run began and is 0.02 now",
            "--learning-rate",
            "0.02"
        );
    }

    [Fact]
    public async Task Resume_MoreSteps_ExtendsTheRunWhichIsThenResumedAsItIs()
    {
        await BeginAsync();

        var (exitCode, output, error) = await TiRunner.RunAsync(
            "train",
            "--resume",
            folder.File(Run),
            "--steps",
            "4",
            "--json"
        );

        Assert.True(exitCode == 0, error);
        Assert.Contains("\"steps\": 4", output);
        Assert.Contains("The learning rate follows the new length", error);
        var extended = await File.ReadAllBytesAsync(folder.File(Embedding));
        Assert.Equal(2, RunRecord.Read(folder.File(Run)).ExtendedAfterStep);

        (exitCode, output, error) = await TiRunner.RunAsync("train", "--resume", folder.File(Run), "--json");

        Assert.True(exitCode == 0, error);
        Assert.Contains("\"steps\": 4", output);
        Assert.Equal(extended, await File.ReadAllBytesAsync(folder.File(Embedding)));
    }

    [Fact]
    public async Task Resume_FewerStepsThanWereTaken_IsRefused()
    {
        await BeginAsync();
        await RefusesAsync("--steps 1: the run already took 2 steps", "--steps", "1");
    }

    [Fact]
    public async Task Resume_OtherToken_NamesIt()
    {
        await BeginAsync();
        await RefusesAsync(
            "token: was <my-cat> when the run began and is <my-dog> now",
            "--token",
            "my-dog",
            "--name",
            "my-cat"
        );
    }

    [Fact]
    public async Task Resume_ChangedImage_NamesIt()
    {
        await BeginAsync();
        File.Copy(Goldens.Sample("my-dog", "1.png"), folder.File("images/2.png"), overwrite: true);
        await RefusesAsync("2.png (SHA-256): was ");
    }

    [Fact]
    public async Task Resume_ChangedMask_NamesIt()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([
            .. Command("."),
            .. ImagesOfSeveralShapesWithMasks(),
            "--steps",
            "2",
        ]);
        Assert.True(exitCode == 0, error);
        folder.Write("masks/2.png", PngFile.Gray(80, 80, (_, _) => 99));
        await RefusesAsync("masks/2.png (SHA-256): was ");
    }

    [Fact]
    public async Task Resume_DeletedImage_NamesIt()
    {
        await BeginAsync();
        File.Delete(folder.File("images/2.png"));
        await RefusesAsync("2.png (SHA-256): was ");
    }

    [Fact]
    public async Task Resume_ChangedModel_NamesTheNetwork()
    {
        await BeginAsync();
        var file = Directory.EnumerateFiles(folder.File("model/text_encoder"), "*.safetensors").Single();
        using var scope = NewDisposeScope();
        var weights = SafetensorsFile.Open(file);
        var tensors = weights.Tensors.Keys.ToDictionary(key => key, key => weights.Read(key).clone());
        tensors.First(pair => pair.Key.EndsWith("final_layer_norm.bias", StringComparison.Ordinal)).Value.add_(1);
        SafetensorsFile.Write(file, tensors, weights.Metadata, overwrite: true);
        await RefusesAsync("the model's TextEncoder (SHA-256): was ");
    }

    [Fact]
    public async Task Resume_TruncatedState_IsNamed()
    {
        await BeginAsync();
        using (var stream = File.OpenWrite(folder.File($"{Run}/state.safetensors")))
            stream.SetLength(stream.Length - 10);
        await RefusesAsync("state.safetensors: is not a whole safetensors file");
    }

    [Fact]
    public async Task Resume_EmbeddingInTheStatesPlace_IsNamed()
    {
        await BeginAsync();
        File.Copy(folder.File(Embedding), folder.File($"{Run}/state.safetensors"), overwrite: true);
        await RefusesAsync("is not a run's state (step is missing)");
    }

    [Fact]
    public async Task Resume_NoSuchRun_IsNamed()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync("train", "--resume", folder.File("nowhere"));

        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("state.safetensors: is missing", error);
    }

    [Fact]
    public async Task Train_PlaceholderThatIsCutOff_SaysSoAndKeepsNothing()
    {
        folder.Write("long.txt", string.Concat(Enumerable.Repeat("cat ", 100)) + "{}");

        var (exitCode, _, error) = await TiRunner.RunAsync([
            .. Command("."),
            "--steps",
            "9",
            "--templates",
            folder.File("long.txt"),
        ]);

        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("<my-cat> is cut off in every prompt", error);
        Assert.False(File.Exists(folder.File(Embedding)));
    }

    [Fact]
    public async Task Train_LossBeyondAllNumbers_KeepsTheBestRows()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([
            .. Command("."),
            "--steps",
            "9",
            "--learning-rate",
            "1e30",
        ]);

        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("Training diverged after step 1", error);
        using var kept = EmbeddingFile.Read(folder.File(Embedding));
        Assert.Equal("0", kept.Provenance["steps"]);
        Assert.All(kept.Rows[0].data<float>().ToArray(), value => Assert.InRange(value, -10, 10));
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    /// <returns>the options for them</returns>
    private string[] ImagesOfSeveralShapesWithMasks()
    {
        _ = Command(".");
        folder.Write("images/6.png", PngFile.Gray(120, 60, (x, y) => (byte)(x * y)));
        folder.Write("images/1.txt", "cat, purple, dotted, orange, sitting");
        foreach (var image in Directory.EnumerateFiles(folder.File("images"), "*.png"))
        {
            var isWide = Path.GetFileName(image) == "6.png";
            folder.Write(
                $"masks/{Path.GetFileName(image)}",
                PngFile.Gray(isWide ? 160 : 80, 80, (x, _) => (byte)(x < 40 ? 255 : 60))
            );
        }

        return ["--crop", "bucket", "--mask", folder.File("masks")];
    }

    /// <summary>A training on a small model, with images and model that a test may change.</summary>
    private string[] Command(string output)
    {
        if (!Directory.Exists(folder.File("model")))
            CopyFolder(Goldens.Path("models", "sd1"), folder.File("model"));
        if (!Directory.Exists(folder.File("images")))
            CopyFolder(Goldens.Sample("my-cat"), folder.File("images"));
        return
        [
            "train",
            "--model",
            folder.File("model"),
            "--images",
            folder.File("images"),
            "--token",
            "my-cat",
            "--initializer",
            "cat",
            "--seed",
            "1",
            "--batch",
            "1",
            "--resolution",
            "32",
            "--validate-every",
            "4",
            "--patience",
            "0",
            "--save-every",
            "1",
            "--ema",
            "0.9",
            "--output",
            folder.File(output),
        ];
    }

    private async Task BeginAsync()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([.. Command("."), "--steps", "2"]);
        Assert.True(exitCode == 0, error);
    }

    private async Task RefusesAsync(string expected, params string[] more)
    {
        var before = await File.ReadAllBytesAsync(folder.File(Embedding));

        var (exitCode, _, error) = await TiRunner.RunAsync(["train", "--resume", folder.File(Run), .. more]);

        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains(expected, error);
        Assert.Equal(before, await File.ReadAllBytesAsync(folder.File(Embedding)));
    }

    /// <summary>Runs the real program.</summary>
    /// <param name="arguments">as the shell gives them</param>
    /// <param name="untilMilliseconds">when it is killed; null for never</param>
    /// <returns>whether it came to its end</returns>
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
        start.Environment["OMP_NUM_THREADS"] = "1"; // on a busy machine threads that wait for each other take forever
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
