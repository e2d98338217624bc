using System.Text.Json;
using TextualInversion.Checkpoints;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Schedulers;

/// <summary>
/// Runs that begin in the middle, from a picture, against diffusers' image to image on the small model of the repository
/// (<c>Fixtures/image-to-image.safetensors</c>, whose metadata say how it was made).
/// </summary>
public sealed class ImageToImageTests
{
    private const double StartTolerance = 1e-4;
    private const double LatentTolerance = 1e-3;

    private static readonly SafetensorsFile Reference = SafetensorsFile.Open(
        Path.Combine(Goldens.Repository, "tests", "TextualInversion.Tests", "Fixtures", "image-to-image.safetensors"));

    private static readonly ModelFolder Folder = new(Path.Combine(Goldens.Repository, "tests", "goldens", "models", "sd1"));

    [Fact]
    public void Step_RunFromAPicture_IsThatOfDiffusers()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = DiffusionModel.Open(Folder, CPU, ScalarType.Float32);
        var pixels = (Reference.Read("image").to(ScalarType.Float32) / 127.5 - 1).permute(2, 0, 1).unsqueeze(0); // (1, 3, H, W)
        var distribution = model.EncodePictures(pixels);
        var tokenizers = new PromptTokenizers(model.Tokenizers, []);
        var cases = JsonDocument.Parse(Reference.Metadata["cases"]).RootElement.EnumerateArray().ToList();
        Assert.NotEmpty(cases);
        foreach (var reference in cases) AssertCase(reference, model, tokenizers, distribution);
    }

    private static void AssertCase(JsonElement reference, IDiffusionModel model, PromptTokenizers tokenizers, LatentDistribution distribution)
    {
        using var scope = NewDisposeScope();
        var key = reference.GetProperty("case").ToString();
        var config = Config(reference);
        var steps = reference.GetProperty("num_inference_steps").GetInt32();
        using var sampler = Samplers.Create(Samplers.OfFolder(config)!.Value, config, steps);
        var begin = (steps - (int)(steps * reference.GetProperty("strength").GetDouble())) * sampler.CallsPerStep;
        var geometry = PictureGeometry.Whole((int)distribution.Mean.shape[2] * model.PixelsPerCell, (int)distribution.Mean.shape[3] * model.PixelsPerCell);
        var guidance = reference.GetProperty("guidance_scale").GetDouble();
        var conditioning = Conditioning.Concatenate(Encode("negative_prompt"), Encode("prompt"));

        using var generator = new Generator(reference.GetProperty("seed").GetUInt64());
        var latents = distribution.Sample(Noise());
        latents = sampler.AddNoise(latents, Noise(), begin);
        Goldens.AssertClose(Reference.Read($"{key}.start"), latents, StartTolerance, $"{key} at the start");
        for (var i = begin; i < sampler.Timesteps.Count; i++)
        {
            var input = sampler.ScaleModelInput(latents, i).repeat(2, 1, 1, 1); // (2, 4, h, w)
            var halves = model.PredictNoise(input, full(2, sampler.Timesteps[i]), conditioning).chunk(2, dim: 0); // 2 x (1, 4, h, w)
            latents = sampler.Step(halves[0] + (guidance * (halves[1] - halves[0])), i, latents, generator);
        }

        Goldens.AssertClose(Reference.Read($"{key}.latents"), latents, LatentTolerance, $"{key} at the end");

        Tensor Noise() => randn(distribution.Mean.shape, generator: generator);
        Conditioning Encode(string prompt) => model.EncodePrompts(tokenizers.Tokenize([reference.GetProperty(prompt).GetString()!]), null, [geometry]);
    }

    private static SchedulerConfig Config(JsonElement reference)
    {
        const string File = "scheduler/scheduler_config.json";
        var values = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(Folder.ReadText(File))!;
        foreach (var over in reference.GetProperty("scheduler_overrides").EnumerateObject()) values[over.Name] = over.Value;
        values["_class_name"] = reference.GetProperty("scheduler");
        return SchedulerConfig.Parse(JsonSerializer.Serialize(values), File);
    }
}
