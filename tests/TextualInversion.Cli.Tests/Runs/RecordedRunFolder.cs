using System.Text.Json;
using System.Text.Json.Nodes;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Tests.Runs;

/// <summary>Writes folders of finished runs without training.</summary>
internal static class RecordedRunFolder
{
    /// <summary>
    /// Writes a run of ten steps on two images, with a validation every five steps, the best after the fifth, and an
    /// image generated before the first, after the fifth and after the tenth step.
    /// </summary>
    /// <param name="folder">The folder in which to create the run's folder.</param>
    /// <param name="name">The name of the run's folder.</param>
    /// <param name="change">Changes the run record. Null: no changes.</param>
    /// <returns>The run's folder.</returns>
    public static string Write(TemporaryFolder folder, string name, Action<JsonObject>? change = null)
    {
        var record = Record(folder);
        change?.Invoke(record);
        var path = Path.GetDirectoryName(folder.Write($"runs/{name}/run.json", record.ToJsonString()))!;
        using (var metrics = new MetricsFile(RunFolder.MetricsIn(path)))
        {
            for (var step = 0; step <= 10; step++)
                metrics.Add(Step(step));
        }

        foreach (var step in new[] { 0, 5, 10 })
            WriteSample(path, step, 1, "a photo of <my-cat>", seed: 3);
        return path;
    }

    /// <summary>Writes an image of one color as a sample of a step.</summary>
    public static void WriteSample(string run, int step, int number, string prompt, ulong seed)
    {
        var options = new GenerationSettings
        {
            Prompt = prompt,
            Sampler = SamplerKind.Euler,
            Steps = 1,
            Guidance = 1,
            Width = 8,
            Height = 8,
        };
        var image = new RgbImage([.. Enumerable.Repeat((byte)(20 * step), 8 * 8 * 3)], 8, 8);
        ImageFile.Write(
            Path.Combine(run, "samples", $"step-{step:D6}-{number}.png"),
            image.Pixels,
            8,
            8,
            WebUiParameters.Format(options, seed, "demo", "ti"),
            overwrite: true
        );
    }

    private static TrainProgress Step(int step) =>
        new()
        {
            Step = step,
            Steps = 10,
            Loss = step == 0 ? null : 0.1 - 0.001 * step,
            ValidationLoss = step % 5 == 0 ? 0.05 - (step == 5 ? 0.01 : 0) : null,
            LearningRate = step == 0 ? null : 0.01,
            GradientNorm = step == 0 ? null : 1.0 / step,
            Norms = [1, 2],
            Drift = [0.1 * step, 0.2 * step],
            Nearest =
                step % 5 == 0 ? [new NearWord(step == 0 ? "cat" : "kitten", 0.5), new NearWord("fur", 0.4)] : null,
            Rows = [],
        };

    /// <summary>The record of such a run, and its images.</summary>
    public static JsonObject Record(TemporaryFolder folder)
    {
        var images = new[] { "1.png", "2.png" }.Select(file =>
        {
            var path = folder.File(file);
            if (!File.Exists(path))
                File.Copy(Path.Combine(Goldens.Repository, "samples", "my-cat", file), path);
            return new
            {
                Path = path,
                Sha256 = Convert.ToHexStringLower(
                    System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path))
                ),
                Width = 128,
                Height = 128,
                Prompt = (string?)null,
            };
        });
        return JsonNode
            .Parse(
                JsonOutput.Serialize(
                    new
                    {
                        Result = new
                        {
                            Embedding = "embeddings/my-cat.safetensors",
                            Run = "runs/my-cat",
                            StoppedEarly = false,
                            Placeholder = "<my-cat>",
                            Vectors = 2,
                            Model = "demo",
                            Seed = 1,
                            Steps = 10,
                            BestStep = 5,
                            Loss = 0.09,
                            Validation = new ValidationSummary(0.06, 0.05, 0.04, 0.05) { RelativeLoss = 0.6 },
                            StepMedianSeconds = 0.1,
                            Seconds = 12.0,
                            PeakMemoryBytes = 400_000_000,
                        },
                        End = TrainingEnd.Completed,
                        Command = new[] { "train", "--images", "my cats", "--token", "<my-cat>", "--seed", "1" },
                        Options = new TrainOptions
                        {
                            Vectors = 2,
                            Steps = 10,
                            Resolution = 128,
                            Seed = 1,
                        },
                        Initializer = new { Phrase = "cat", Tokens = new[] { "cat</w>" } },
                        Images = images,
                        FrozenWeights = new Dictionary<string, FrozenHash>
                        {
                            ["TextEncoder"] = new("aa", "aa"),
                            ["UNet"] = new("bb", "bb"),
                        },
                        Device = "cpu",
                        Precision = "Fp32",
                        Rows = new[]
                        {
                            new LearnedRow(0, 0, 1, 0.5, [new NearWord("kitten", 0.5), new NearWord("cat", 0.25)]),
                            new LearnedRow(0, 1, 2, 1, [new NearWord("fur", 0.4)]),
                        },
                        VocabularyNorms = new[] { new NormRange(0.5, 1, 1.5) },
                        Versions = new { Ti = "1.2.3" },
                    }
                ),
                documentOptions: new JsonDocumentOptions()
            )!
            .AsObject();
    }
}
