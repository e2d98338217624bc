using System.Text.Json;
using TextualInversion.Checkpoints;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Generation;

/// <summary>Whole runs of diffusers' pipeline.</summary>
[Trait("Category", Goldens.Category)]
public sealed class TextToImageTests
{
    private const double LatentTolerance = 1e-3;
    private const int PixelTolerance = 1;

    private static readonly SafetensorsFile Golden = Goldens.Open("sd1-generate.safetensors");

    public static TheoryData<string> Cases => [.. Elements().Select(element => element.GetProperty("case").ToString())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Denoise_GoldenCase_EqualsDiffusers(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var item = Elements().Single(element => element.GetProperty("case").ToString() == name);
        using var model = GoldenModel.StableDiffusion();
        var expected = Golden.Read($"{name}.latents");
        var placeholders = new List<Placeholder>();
        var rows = item.TryGetProperty("trigger", out var trigger) ? Golden.Read($"{name}.rows") : null;
        if (rows is not null) placeholders.Add(Placeholder.Parse(trigger.GetString()!, (int)rows.shape[0]));
        var tokenizer = new PromptTokenizer(model.Tokenizer, placeholders);
        var (options, config) = Options(item);
        var pipeline = new TextToImage(model, config, tokenizer, rows is null ? null : [rows]);
        using var generator = new Generator(item.GetProperty("seed").GetUInt64());

        var latents = pipeline.Denoise(options, randn(expected.shape, generator: generator), generator);

        Goldens.AssertClose(expected, latents, LatentTolerance, name);
        if (rows is not null) Assert.Equal(Golden.Read($"{name}.ids").data<long>().ToArray(), tokenizer.Tokenize(options.Prompt).Ids.Select(id => (long)id));
        if (Golden.Tensors.ContainsKey($"{name}.image")) AssertPicture(Golden.Read($"{name}.image"), TextToImage.ToPicture(model.DecodeLatents(latents)).Pixels, name);
    }

    [Fact]
    public void Generate_SameSeed_IsTheGoldenPicture()
    {
        foreach (var item in Elements().Where(element => Golden.Tensors.ContainsKey($"{element.GetProperty("case")}.image")))
        {
            using var scope = NewDisposeScope();
            using var model = GoldenModel.StableDiffusion();
            var (options, config) = Options(item);
            var pipeline = new TextToImage(model, config, new PromptTokenizer(model.Tokenizer, []), rows: null);

            var picture = pipeline.Generate(options, item.GetProperty("seed").GetUInt64());

            var name = item.GetProperty("case").ToString();
            AssertPicture(Golden.Read($"{name}.image"), picture.Pixels, name);
        }
    }

    private static JsonElement[] Elements() => JsonSerializer.Deserialize<JsonElement[]>(Golden.Metadata["cases"])!;

    private static (GenerateOptions Options, SchedulerConfig Config) Options(JsonElement item)
    {
        var config = GoldenModel.SchedulerConfig with { ClassName = item.GetProperty("scheduler").GetString() };
        if (item.GetProperty("scheduler_overrides").TryGetProperty("use_karras_sigmas", out var karras)) config = config with { UseKarrasSigmas = karras.GetBoolean() };
        return (new GenerateOptions
        {
            Prompt = item.GetProperty("prompt").GetString()!,
            Negative = item.GetProperty("negative_prompt").GetString() ?? "",
            Sampler = Samplers.OfFolder(config)!.Value,
            Steps = item.GetProperty("num_inference_steps").GetInt32(),
            Guidance = item.GetProperty("guidance_scale").GetDouble(),
            Width = item.GetProperty("width").GetInt32(),
            Height = item.GetProperty("height").GetInt32(),
        }, config);
    }

    private static void AssertPicture(Tensor expected, byte[] actual, string name)
    {
        var reference = expected.data<byte>().ToArray();
        Assert.Equal(reference.Length, actual.Length);
        var worst = reference.Zip(actual, (one, other) => Math.Abs(one - other)).Max();
        Assert.True(worst <= PixelTolerance, $"{name}: a pixel differs by {worst}");
    }
}
