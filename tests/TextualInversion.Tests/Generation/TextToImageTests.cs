using System.Text.Json;
using TextualInversion.Generation;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Generation;

/// <summary>Whole runs of generation, compared with diffusers' pipeline.</summary>
[Trait("Category", Goldens.Category)]
public sealed class TextToImageTests
{
    // Where DDIM clips the latents, which reach 27 in this model, to 1, seven steps in float64 differ by 9e-4 from
    // those in float32, and diffusers by 1.4e-3 between two processors.
    private const double LatentTolerance = 1e-3,
        ClippedTolerance = 3e-3;
    private const int PixelTolerance = 1;

    /// <summary>Each case of each file.</summary>
    public static TheoryData<string, string> Cases
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var file in GoldenModel.Files("generate"))
            {
                foreach (var element in Elements(Goldens.Open(file)))
                    data.Add(file, element.GetProperty("case").ToString());
            }

            return data;
        }
    }

    public static TheoryData<string> Files => GoldenModel.Files("generate");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Denoise_GoldenCase_EqualsDiffusers(string file, string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var golden = Goldens.Open(file);
        var item = Elements(golden).Single(element => element.GetProperty("case").ToString() == name);
        using var model = GoldenModel.Of(file).Open();
        var expected = golden.Read($"{name}.latents");
        var rows = item.TryGetProperty("trigger", out var trigger)
            ? Rows(golden, name, model.Vocabularies.Count)
            : null;
        var tokenizers = new PromptTokenizers(
            model.Tokenizers,
            rows is null ? [] : [Placeholder.Parse(trigger.GetString()!, (int)rows[0].shape[0])]
        );
        var (options, config) = Options(item, file);
        using var generator = new Generator(item.GetProperty("seed").GetUInt64());

        // As in diffusers, one generator draws the noise of one image after another.
        var images = Enumerable.Repeat(generator, (int)expected.shape[0]).ToList();
        var latents = cat([.. new TextToImage(model, config, tokenizers, rows).Denoise(options, images)], dim: 0);

        Goldens.AssertClose(
            expected,
            latents,
            options.Sampler == SamplerKind.Ddim && (config.ClipSample ?? true) ? ClippedTolerance : LatentTolerance,
            name
        );
        if (rows is not null)
            Assert.Equal(
                golden.Read($"{name}.ids").data<long>().ToArray(),
                tokenizers.First.Tokenize(options.Prompt).Ids.Select(id => (long)id)
            );
        if (golden.Tensors.ContainsKey($"{name}.image"))
            AssertImage(golden.Read($"{name}.image"), TextToImage.ToImage(model.DecodeLatents(latents)).Pixels, name);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Generate_SameSeed_IsTheGoldenImage(string file)
    {
        var golden = Goldens.Open(file);
        using var model = GoldenModel.Of(file).Open();
        foreach (
            var item in Elements(golden)
                .Where(element => golden.Tensors.ContainsKey($"{element.GetProperty("case")}.image"))
        )
        {
            using var scope = NewDisposeScope();
            var (options, config) = Options(item, file);
            var pipeline = new TextToImage(model, config, new PromptTokenizers(model.Tokenizers, []), rows: null);

            var image = pipeline.Generate(options, item.GetProperty("seed").GetUInt64());

            var name = item.GetProperty("case").ToString();
            AssertImage(golden.Read($"{name}.image"), image.Pixels, name);
        }
    }

    /// <summary>Bytes of what is no number are 0: a black image, as if that were the result.</summary>
    [Fact]
    public void Generate_NotANumber_ThrowsInsteadOfABlackImage()
    {
        var golden = Goldens.Open("sd1-generate.safetensors");
        using var model = GoldenModel.Of("sd1-generate.safetensors").Open();
        var (options, config) = Options(Elements(golden)[0], "sd1-generate.safetensors");
        var pipeline = new TextToImage(model, config, new PromptTokenizers(model.Tokenizers, []), rows: null);

        var error = Assert.Throws<TextualInversionException>(() =>
            pipeline.Generate(options with { Guidance = 1e300 }, seed: 1)
        );

        Assert.Contains("NaN", error.Message, StringComparison.Ordinal);
    }

    private static JsonElement[] Elements(SafetensorsFile golden) =>
        JsonSerializer.Deserialize<JsonElement[]>(golden.Metadata["cases"])!;

    /// <summary>The vectors; those for the second text encoder are under <c>embedding2</c>.</summary>
    private static Tensor[] Rows(SafetensorsFile golden, string name, int encoders) =>
        [
            .. Enumerable
                .Range(1, encoders)
                .Select(encoder => golden.Read(encoder == 1 ? $"{name}.rows" : $"{name}{encoder}.rows")),
        ];

    private static (GenerationSettings Options, SchedulerConfig Config) Options(JsonElement item, string file)
    {
        var config = GoldenModel.Of(file).SchedulerConfig with
        {
            ClassName = item.GetProperty("scheduler").GetString(),
        };
        if (item.GetProperty("scheduler_overrides").TryGetProperty("use_karras_sigmas", out var karras))
            config = config with { UseKarrasSigmas = karras.GetBoolean() };
        return (
            new GenerationSettings
            {
                Prompt = item.GetProperty("prompt").GetString()!,
                Negative = item.GetProperty("negative_prompt").GetString(),
                Sampler = Samplers.OfFolder(config)!.Value,
                Steps = item.GetProperty("num_inference_steps").GetInt32(),
                Guidance = item.GetProperty("guidance_scale").GetDouble(),
                Width = item.GetProperty("width").GetInt32(),
                Height = item.GetProperty("height").GetInt32(),
            },
            config
        );
    }

    private static void AssertImage(Tensor expected, byte[] actual, string name)
    {
        var reference = expected.data<byte>().ToArray();
        Assert.Equal(reference.Length, actual.Length);
        var worst = reference.Zip(actual, (one, other) => Math.Abs(one - other)).Max();
        Assert.True(worst <= PixelTolerance, $"{name}: a pixel differs by {worst}");
    }
}
