using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Bench;

public sealed class BenchCommandTests
{
    private static readonly string Model = Goldens.Path("models", "sd1");

    [Fact]
    public async Task Bench_Json_TimesOfThePartsAddUp()
    {
        var (exitCode, output, error) = await TiRunner.RunAsync([
            "bench",
            "--model",
            Model,
            "--resolution",
            "64",
            "--batch",
            "2",
            "--steps",
            "3",
            "--json",
        ]);

        Assert.True(exitCode == 0, error);
        var result = JsonDocument.Parse(output).RootElement;
        Assert.Equal("cpu", result.GetProperty("device").GetString());
        Assert.Equal("fp32", result.GetProperty("precision").GetString());
        Assert.Equal(
            (64, 2, 3),
            (
                result.GetProperty("resolution").GetInt32(),
                result.GetProperty("batch").GetInt32(),
                result.GetProperty("steps").GetInt32()
            )
        );
        var step = result.GetProperty("step");
        string[] parts = ["textEncoderSeconds", "unetForwardSeconds", "backwardSeconds", "restSeconds"];
        Assert.All(parts, part => Assert.True(Number(step, part) > 0, part));
        Assert.Equal(Number(step, "seconds"), parts.Sum(part => Number(step, part)), 1e-9);
        Assert.Equal(2 / Number(step, "seconds"), Number(step, "imagesPerSecond"), 1e-6);
        var start = result.GetProperty("start");
        string[] before = ["loadSeconds", "encodeImageSeconds", "firstStepSeconds"];
        Assert.All(before, part => Assert.True(Number(start, part) > 0, part));
        Assert.True(Number(start, "timeToFirstStepSeconds") > before.Sum(part => Number(start, part)));
        var bare = result.GetProperty("bareUnet");
        Assert.True(Number(bare, "forwardSeconds") > 0 && Number(bare, "backwardSeconds") > 0);
        AssertOperations(result.GetProperty("operations"), Number(step, "seconds"));
        Assert.True(result.GetProperty("peakBytes").GetInt64() > 1 << 20);
        Assert.Equal(JsonValueKind.Null, result.GetProperty("generation").ValueKind);
    }

    [Fact]
    public async Task Bench_Table_HasTheStepAndTheImageAndProgressIsOnTheErrorStream()
    {
        var (exitCode, output, error) = await TiRunner.RunAsync([
            "bench",
            "--model",
            Model,
            "--resolution",
            "64",
            "--steps",
            "1",
            "--generate-steps",
            "2",
        ]);

        Assert.True(exitCode == 0, error);
        Assert.StartsWith($"{Model}, 64 x 64, batch 1, fp32, on cpu (", output, StringComparison.Ordinal);
        foreach (
            var row in new[] { "load ", "step ", "U-Net alone ", "matrix product ", "peak memory ", "generate an" }
        )
            Assert.Contains($"\n{row}", output, StringComparison.Ordinal);
        Assert.Contains("step 1/1", error, StringComparison.Ordinal);
        Assert.DoesNotContain("step 1/1", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_Quiet_WritesNoProgress()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([
            "bench",
            "--model",
            Model,
            "--resolution",
            "64",
            "--steps",
            "1",
            "--quiet",
        ]);

        Assert.Equal((0, ""), (exitCode, error));
    }

    [Theory]
    [InlineData("--model demo --size sd15", "--model and --size: give one of them")]
    [InlineData("--size sd3", "--size sd3: choose sd15, sd21 or sdxl.")]
    [InlineData("--steps 0", "--steps 0: choose a number from 1 to 10000.")]
    [InlineData("--model demo --resolution 100", "--resolution 100: ")]
    [InlineData("--model demo --precision fp16 --device cpu", "--precision fp16: is for GPUs")]
    public async Task Bench_WrongOptions_AreRefused(string arguments, string message)
    {
        var (exitCode, output, error) = await TiRunner.RunAsync(["bench", .. arguments.Split(' ')]);

        Assert.Equal((ExitCode.WrongUsage, ""), (exitCode, output));
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_NoSuchModel_IsAProblem()
    {
        var (exitCode, output, error) = await TiRunner.RunAsync("bench", "--model", "./no-such-folder");

        Assert.Equal((ExitCode.Problem, ""), (exitCode, output));
        Assert.Contains("no-such-folder", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_MoreMemoryThanThereIs_IsRefusedBeforeAnythingIsWritten()
    {
        var (exitCode, output, error) = await TiRunner.RunAsync([
            "bench",
            "--size",
            "sdxl",
            "--resolution",
            "4096",
            "--batch",
            "1024",
            "--device",
            "cpu",
        ]);

        Assert.Equal((ExitCode.Problem, ""), (exitCode, output));
        Assert.Contains("needs about", error, StringComparison.Ordinal);
        Assert.DoesNotContain("writing", error, StringComparison.Ordinal);
    }

    private static void AssertOperations(JsonElement counts, double stepSeconds)
    {
        var perStep = Number(counts, "unetForward") + Number(counts, "unetBackward");
        Assert.True(Number(counts, "unetBackward") > Number(counts, "unetForward"));
        Assert.Equal(1, perStep / stepSeconds / Number(counts, "stepPerSecond"), 1e-6);
        var share = Number(counts, "stepPerSecond") / Number(counts, "matrixProductPerSecond");
        Assert.Equal(share, Number(counts, "share"), share * 1e-6);
    }

    private static double Number(JsonElement element, string property) => element.GetProperty(property).GetDouble();
}
