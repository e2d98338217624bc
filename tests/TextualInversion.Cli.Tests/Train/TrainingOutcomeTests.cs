using System.Globalization;
using System.Text.Json;
using TextualInversion.Embeddings;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Train;

/// <summary>What a run reports about its success, on the demo model.</summary>
[Trait("Category", "EndToEnd")]
public sealed class TrainingOutcomeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Train_RateThatIsTooLarge_StopsEarlyAndKeepsTheBestRows()
    {
        using var result = await TrainAsync(
            "--steps",
            "30",
            "--learning-rate",
            "3",
            "--lr-schedule",
            "constant",
            "--validate-every",
            "2",
            "--patience",
            "3"
        );

        var validation = result.RootElement.GetProperty("validation");
        var best = result.RootElement.GetProperty("bestStep").GetInt32();
        Assert.True(result.RootElement.GetProperty("stoppedEarly").GetBoolean());
        // Three validations that are not better, then the cool-down of a fifth of the steps.
        var plateau = best + 6;
        Assert.Equal(plateau + Math.Max(1, plateau / 5), result.RootElement.GetProperty("steps").GetInt32());
        Assert.True(validation.GetProperty("best").GetDouble() < validation.GetProperty("final").GetDouble());
        Assert.True(validation.GetProperty("best").GetDouble() <= validation.GetProperty("initial").GetDouble());
        using var kept = EmbeddingFile.Read(folder.File("embeddings/my-cat.safetensors"));
        using var last = EmbeddingFile.Read(folder.File("runs/my-cat/last.safetensors"));
        Assert.Equal(best.ToString(CultureInfo.InvariantCulture), kept.Provenance["steps"]);
        Assert.NotEqual(kept.Rows[0].data<float>().ToArray(), last.Rows[0].data<float>().ToArray());
    }

    [Fact]
    public async Task Train_OtherOptions_AreMeasuredOnTheSameInputs()
    {
        using var one = await TrainAsync("--steps", "1", "--batch", "1");
        using var other = await TrainAsync(
            "--steps",
            "1",
            "--batch",
            "1",
            "--overwrite",
            "--vectors",
            "1",
            "--initializer",
            "cat",
            "--no-flip"
        );

        Assert.Equal(Validation(one, "withoutPrompts"), Validation(other, "withoutPrompts"));
        Assert.NotEqual(Validation(one, "initial"), Validation(one, "final"));

        static double Validation(JsonDocument result, string field) =>
            result.RootElement.GetProperty("validation").GetProperty(field).GetDouble();
    }

    [Fact]
    public async Task Train_ValidateEvery_FillsItsColumn()
    {
        await TrainAsync("--steps", "3", "--batch", "1", "--validate-every", "2");

        var lines = (await File.ReadAllLinesAsync(folder.File("runs/my-cat/metrics.csv")))
            .Select(line => line.Split(',')[2])
            .ToList();
        Assert.Equal("validation_loss", lines[0]);
        Assert.Empty(lines[2]);
        Assert.All(
            [lines[1], .. lines[3..]],
            loss => Assert.True(double.Parse(loss, CultureInfo.InvariantCulture) > 0)
        ); // before the first step, after the second, and after the last
    }

    [Fact]
    public async Task Train_ValidateEvery0_KeepsTheLastRows()
    {
        using var result = await TrainAsync("--steps", "2", "--batch", "1", "--validate-every", "0");

        Assert.Equal(JsonValueKind.Null, result.RootElement.GetProperty("validation").ValueKind);
        Assert.Equal(2, result.RootElement.GetProperty("bestStep").GetInt32());
    }

    /// <summary>
    /// No element of the gradient is larger than the norm, 1e-9, so AdamW's first step is at most the learning rate
    /// times 1e-9 / (1e-9 + 1e-8).
    /// </summary>
    [Fact]
    public async Task Train_Clip_ShortensTheGradient()
    {
        await TrainAsync(
            "--steps",
            "1",
            "--batch",
            "1",
            "--vectors",
            "1",
            "--validate-every",
            "0",
            "--learning-rate",
            "1",
            "--max-grad-norm",
            "1e-9"
        );

        var drift = double.Parse(
            (await File.ReadAllLinesAsync(folder.File("runs/my-cat/metrics.csv")))[2].Split(',')[^1],
            CultureInfo.InvariantCulture
        );
        Assert.InRange(drift, 1e-9, Math.Sqrt(128) / 11); // 128 elements
    }

    [Fact]
    public async Task Train_NoiseOffset_ChangesTheStepsAndNotTheValidation()
    {
        using var plain = await TrainAsync("--steps", "1", "--batch", "1");
        using var offset = await TrainAsync("--steps", "1", "--batch", "1", "--noise-offset", "0.1", "--overwrite");

        Assert.NotEqual(
            plain.RootElement.GetProperty("loss").GetDouble(),
            offset.RootElement.GetProperty("loss").GetDouble()
        );
        Assert.Equal(
            plain.RootElement.GetProperty("validation").GetProperty("initial").GetDouble(),
            offset.RootElement.GetProperty("validation").GetProperty("initial").GetDouble()
        );
    }

    private async Task<JsonDocument> TrainAsync(params string[] more)
    {
        var (exitCode, output, error) = await TiRunner.TrainAsync(
            folder.Path,
            Goldens.Sample("my-cat"),
            "my-cat",
            ["--model", "demo", "--json", .. more]
        );
        Assert.True(exitCode == 0, error);
        return JsonDocument.Parse(output);
    }
}
