using System.Text.Json;
using TextualInversion.Checkpoints;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Generation;

/// <summary>
/// Guidance rescale, eta, clip skip and tiles, against diffusers on the small models of the repository
/// (<c>Fixtures/generation.safetensors</c>, made by <c>scripts/make-generation-cases.py</c>).
/// </summary>
public sealed class GuidanceTests
{
    private static readonly SafetensorsFile Reference = SafetensorsFile.Open(
        Path.Combine(Goldens.Repository, "tests", "TextualInversion.Tests", "Fixtures", "generation.safetensors")
    );

    public static TheoryData<string> Cases =>
        [
            .. JsonDocument
                .Parse(Reference.Metadata["cases"])
                .RootElement.EnumerateArray()
                .Select(item => item.GetProperty("case").ToString()),
        ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Denoise_RescaleEtaAndClipSkip_EqualDiffusers(string name)
    {
        using var scope = NewDisposeScope();
        var item = JsonDocument
            .Parse(Reference.Metadata["cases"])
            .RootElement.EnumerateArray()
            .Single(element => element.GetProperty("case").ToString() == name);
        var folder = new ModelFolder(
            Path.Combine(Goldens.Repository, "tests", "goldens", "models", item.GetProperty("model").GetString()!)
        );
        using var model = DiffusionModel.Open(folder, CPU, ScalarType.Float32);
        var config = SchedulerConfig.Parse(folder.ReadText("scheduler/scheduler_config.json"), "") with
        {
            ClassName = item.GetProperty("scheduler").GetString(),
            ClipSample = false,
        };
        var options = new GenerationSettings
        {
            Prompt = item.GetProperty("prompt").GetString()!,
            Negative = item.GetProperty("negative_prompt").GetString(),
            Sampler = Samplers.OfFolder(config)!.Value,
            Steps = item.GetProperty("num_inference_steps").GetInt32(),
            Guidance = item.GetProperty("guidance_scale").GetDouble(),
            Width = item.GetProperty("width").GetInt32(),
            Height = item.GetProperty("height").GetInt32(),
            Eta = Number("eta", 0),
            GuidanceRescale = Number("guidance_rescale", 0),
            ClipSkip = (int)Number("clip_skip", 0) + 1, // diffusers counts the blocks that are skipped
        };
        using var generator = new Generator(item.GetProperty("seed").GetUInt64());

        var latents = new TextToImage(model, config, new PromptTokenizers(model.Tokenizers, []), rows: null)
            .Denoise(options, [generator])
            .Single();

        Goldens.AssertClose(Reference.Read($"{name}.latents"), latents, 1e-3, name);
        double Number(string key, double otherwise) =>
            item.TryGetProperty(key, out var value) ? value.GetDouble() : otherwise;
    }

    [Theory]
    [InlineData("sd1", 2)]
    [InlineData("sd1", 3)]
    [InlineData("sdxl", 2)]
    public void Encode_ClipSkip_GivesDiffusersStates(string name, int clipSkip)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = DiffusionModel.Open(
            new ModelFolder(Path.Combine(Goldens.Repository, "tests", "goldens", "models", name)),
            CPU,
            ScalarType.Float32
        );
        var options = new GenerationSettings
        {
            Prompt = Reference.Metadata["prompt"],
            Sampler = SamplerKind.Ddim,
            Steps = 1,
            Guidance = 1,
            Width = 64,
            Height = 64,
            ClipSkip = clipSkip,
        };

        var condition = new PromptConditioning(model, new PromptTokenizers(model.Tokenizers, []), rows: null).Encode(
            options,
            isGuided: false,
            images: 1
        );

        var key = $"skip.{name}.{clipSkip - 1}"; // diffusers counts the blocks that are skipped
        Goldens.AssertClose(Reference.Read(key), condition.EncoderHiddenStates, 1e-4, key);
        if (condition.Added is not null)
            Goldens.AssertClose(Reference.Read($"{key}.pooled"), condition.Added.PooledText, 1e-4, $"{key}, pooled");
    }

    [Fact]
    public void Apply_Rescale_IsEquations15And16()
    {
        using var scope = NewDisposeScope();
        var (unguided, guided) = (randn(2, 4, 3, 3), randn(2, 4, 3, 3));
        var plain = unguided + 5 * (guided - unguided);

        var rescaled = Guidance.Apply(unguided, guided, scale: 5, rescale: 1);

        for (var image = 0; image < 2; image++)
            Assert.Equal(guided[image].std().item<float>(), rescaled[image].std().item<float>(), 1e-5);
        Goldens.AssertClose(plain, Guidance.Apply(unguided, guided, scale: 5, rescale: 0), 0, "none");
        Goldens.AssertClose(
            0.3 * rescaled + 0.7 * plain,
            Guidance.Apply(unguided, guided, scale: 5, rescale: 0.3),
            1e-6,
            "mixed"
        );
    }

    [Fact]
    public void Decode_InTiles_EqualsDiffusers()
    {
        using var scope = NewDisposeScope();
        using var model = DiffusionModel.Open(
            new ModelFolder(Path.Combine(Goldens.Repository, "tests", "goldens", "models", "sd1")),
            CPU,
            ScalarType.Float32
        );
        var tile = int.Parse(Reference.Metadata["tile_cells"], System.Globalization.CultureInfo.InvariantCulture);
        Goldens.AssertClose(
            Reference.Read("tiled.pixels"),
            TiledVae.Decode(model, Reference.Read("tiled.latents"), tile),
            1e-4,
            "pixels"
        );
    }

    [Fact]
    public void Encode_InTiles_EqualsDiffusers()
    {
        using var scope = NewDisposeScope();
        using var model = DiffusionModel.Open(
            new ModelFolder(Path.Combine(Goldens.Repository, "tests", "goldens", "models", "sd1")),
            CPU,
            ScalarType.Float32
        );
        var tile = int.Parse(Reference.Metadata["tile_pixels"], System.Globalization.CultureInfo.InvariantCulture);

        using var distribution = TiledVae.Encode(model, Reference.Read("tiles.pixels"), tile);

        Goldens.AssertClose(Reference.Read("tiles.mean"), distribution.Mean, 1e-4, "mean");
        Goldens.AssertClose(Reference.Read("tiles.std"), distribution.Std, 1e-4, "std");
    }

    [Theory]
    [InlineData(1024, 1024, 1024 * 1024)]
    [InlineData(1032, 1024, 512 * 512)]
    [InlineData(4096, 264, 512 * 264)]
    public void PixelsAtOnce_LargeImage_IsATile(int height, int width, long expected) =>
        Assert.Equal(expected, TiledVae.PixelsAtOnce(height, width));
}
