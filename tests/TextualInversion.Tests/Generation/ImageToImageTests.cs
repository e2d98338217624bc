using System.Text.Json;
using TextualInversion.Checkpoints;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Generation;

/// <summary>
/// Runs from an init image, compared with diffusers' image to image on the small model of the repository
/// (<c>Fixtures/image-to-image.safetensors</c>, whose metadata say how it was made).
/// </summary>
public sealed class ImageToImageTests
{
    private const double LatentTolerance = 1e-3;
    private const int PixelTolerance = 1;

    private static readonly SafetensorsFile Reference = SafetensorsFile.Open(
        Path.Combine(Goldens.Repository, "tests", "TextualInversion.Tests", "Fixtures", "image-to-image.safetensors")
    );

    private static readonly ModelFolder Folder = new(
        Path.Combine(Goldens.Repository, "tests", "goldens", "models", "sd1")
    );

    private static readonly RgbImage Image = Read("image");

    [Fact]
    public void Denoise_FromAImage_IsThatOfDiffusers()
    {
        using var model = DiffusionModel.Open(Folder, CPU, ScalarType.Float32);
        var cases = JsonDocument.Parse(Reference.Metadata["cases"]).RootElement.EnumerateArray().ToList();
        Assert.NotEmpty(cases);
        foreach (var reference in cases)
            AssertCase(reference, model);
    }

    [Fact]
    public void Denoise_StrengthOne_TakesAllStepsAndStillHasTheImage()
    {
        using var scope = NewDisposeScope();
        using var model = DiffusionModel.Open(Folder, CPU, ScalarType.Float32);
        var pipeline = Pipeline(model, SchedulerConfig.Parse(Folder.ReadText("scheduler/scheduler_config.json"), ""));
        var calls = new List<(int, int)>();
        var options = new GenerationSettings
        {
            Prompt = "",
            Sampler = SamplerKind.Ddim,
            Steps = 3,
            Guidance = 1,
            Width = 32,
            Height = 32,
            Init = Image,
            Strength = 1,
        };

        pipeline.Generate(options, seed: 1, new Calls(calls));

        Assert.Equal([(0, 3), (1, 3), (2, 3), (3, 3)], calls);
    }

    /// <summary>
    /// Few steps, odd numbers of them, and beginnings between the calls of one step are where samplers break: the
    /// pixels would be no numbers, which is an error.
    /// </summary>
    [Fact]
    public void Generate_EverySamplerFewStepsAnyBeginning_GivesColors()
    {
        using var model = DiffusionModel.Open(Folder, CPU, ScalarType.Float32);
        var pipeline = Pipeline(model, SchedulerConfig.Parse(Folder.ReadText("scheduler/scheduler_config.json"), ""));
        var cases =
            from sampler in Enum.GetValues<SamplerKind>()
            from steps in new[] { 1, 2, 5, 8 }
            from strength in new[] { 0.15, 0.5, 1 }
            where (int)(steps * strength) > 0
            select new GenerationSettings
            {
                Prompt = "a cat",
                Sampler = sampler,
                Steps = steps,
                Guidance = 1,
                Width = 16,
                Height = 16,
                Init = strength == 1 ? null : Image,
                Strength = strength,
            };

        foreach (var options in cases)
            Assert.Equal(16 * 16 * 3, pipeline.Generate(options, seed: 1).Pixels.Length);
    }

    [Theory]
    [InlineData(0.1, 5)]
    [InlineData(0, 5)]
    [InlineData(1.5, 5)]
    [InlineData(double.NaN, 5)]
    public void Validate_StrengthWithoutASteps_Throws(double strength, int steps)
    {
        var options = new GenerationSettings
        {
            Prompt = "",
            Sampler = SamplerKind.Ddim,
            Steps = steps,
            Guidance = 1,
            Width = 32,
            Height = 32,
            Init = Image,
            Strength = strength,
        };
        Assert.Equal(
            nameof(GenerationSettings.Strength),
            Assert.Throws<TextualInversionException>(options.Validate).Parameter
        );
    }

    [Fact]
    public void ToPixels_OtherShape_CutsAroundTheCentre()
    {
        // A white square between two black ones.
        var wide = new RgbImage(new byte[12 * 4 * 3], 12, 4);
        for (var y = 0; y < 4; y++)
            Array.Fill(wide.Pixels, (byte)255, (y * 12 + 4) * 3, 4 * 3);

        using var pixels = InitImage.ToPixels(wide, 8, 8);

        Assert.Equal([1, 3, 8, 8], pixels.shape);
        Assert.Equal(1, pixels.min().item<float>());
    }

    private static void AssertCase(JsonElement reference, IDiffusionModel model)
    {
        using var scope = NewDisposeScope();
        var key = reference.GetProperty("case").ToString();
        var config = Config(reference);
        var options = new GenerationSettings
        {
            Prompt = reference.GetProperty("prompt").GetString()!,
            Negative = reference.GetProperty("negative_prompt").GetString(),
            Sampler = Samplers.OfFolder(config)!.Value,
            Steps = reference.GetProperty("num_inference_steps").GetInt32(),
            Guidance = reference.GetProperty("guidance_scale").GetDouble(),
            Width = Image.WidthPixels,
            Height = Image.HeightPixels,
            Init = Image,
            Strength = reference.GetProperty("strength").GetDouble(),
        };
        var seed = reference.GetProperty("seed").GetUInt64();
        using var generator = new Generator(seed);

        var latents = Pipeline(model, config).Denoise(options, [generator]).Single();

        Goldens.AssertClose(Reference.Read($"{key}.latents"), latents, LatentTolerance, key);
        if (!Reference.Tensors.ContainsKey($"{key}.image"))
            return;
        var worst = Read($"{key}.image")
            .Pixels.Zip(Pipeline(model, config).Generate(options, seed).Pixels, (one, other) => Math.Abs(one - other))
            .Max();
        Assert.True(worst <= PixelTolerance, $"{key}: a pixel differs by {worst}");
    }

    private static TextToImage Pipeline(IDiffusionModel model, SchedulerConfig config) =>
        new(model, config, new PromptTokenizers(model.Tokenizers, []), rows: null);

    private static RgbImage Read(string name)
    {
        using var pixels = Reference.Read(name); // (H, W, 3)
        return new RgbImage(pixels.data<byte>().ToArray(), (int)pixels.shape[1], (int)pixels.shape[0]);
    }

    private static SchedulerConfig Config(JsonElement reference)
    {
        const string File = "scheduler/scheduler_config.json";
        var values = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(Folder.ReadText(File))!;
        foreach (var over in reference.GetProperty("scheduler_overrides").EnumerateObject())
            values[over.Name] = over.Value;
        values["_class_name"] = reference.GetProperty("scheduler");
        return SchedulerConfig.Parse(JsonSerializer.Serialize(values), File);
    }

    private sealed class Calls(List<(int, int)> calls) : IProgress<(int, int)>
    {
        public void Report((int, int) value) => calls.Add(value);
    }
}
