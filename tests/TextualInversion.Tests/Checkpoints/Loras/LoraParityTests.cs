using System.Globalization;
using System.Text.Json;
using TextualInversion.Checkpoints;
using TextualInversion.Checkpoints.Loras;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Checkpoints.Loras;

/// <summary>
/// LoRAs of every layout against diffusers, on the small models of the repository (<c>Fixtures/lora</c>, made by
/// <c>scripts/make-lora-cases.py</c>).
/// </summary>
public sealed class LoraParityTests
{
    private static readonly SafetensorsFile Reference = SafetensorsFile.Open(LoraFixture.Path("expected"));

    public static TheoryData<int> Cases => [.. Described().Select(item => item.GetProperty("case").GetInt32())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Generate_WithLoras_EqualsDiffusers(int number)
    {
        var item = Described().Single(item => item.GetProperty("case").GetInt32() == number);
        var model = item.GetProperty("model").GetString()!;
        var loras = item.GetProperty("loras")
            .EnumerateArray()
            .Select(lora => new Lora(
                LoraFixture.Path(lora.GetProperty("file").GetString()!),
                lora.GetProperty("strength").GetDouble()
            ))
            .ToList();
        var files = ModelWithLoras.Of(new GoldenModel(model).Folder, loras);

        var prompt = item.TryGetProperty("prompt", out var own) ? own.GetString()! : Reference.Metadata["prompt"];
        AssertEqual(files, number.ToString(CultureInfo.InvariantCulture), prompt);
    }

    /// <summary>The values of the cases are those of the LoRAs: without one, others come out.</summary>
    [Theory]
    [InlineData("sd1")]
    [InlineData("sd2")]
    [InlineData("sdxl")]
    public void Generate_WithoutLoras_EqualsDiffusersAndDiffersFromEachCase(string model)
    {
        AssertEqual(new GoldenModel(model).Folder, model, Reference.Metadata["prompt"]);
        using var scope = NewDisposeScope();
        var without = Reference.Read($"{model}.image").to(ScalarType.Float32);
        foreach (var item in Described().Where(item => item.GetProperty("model").GetString() == model))
        {
            var with = Reference.Read($"{item.GetProperty("case").GetInt32()}.image").to(ScalarType.Float32);
            Assert.True((with - without).abs().max().item<float>() > 3, $"case {item} is as without");
        }
    }

    private static List<JsonElement> Described() =>
        [.. JsonDocument.Parse(Reference.Metadata["cases"]).RootElement.EnumerateArray()];

    /// <summary>Compares states and image; where the case has an embedding, the prompt calls it.</summary>
    private static void AssertEqual(IModelFiles files, string key, string prompt)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var model = DiffusionModel.Open(files, CPU, ScalarType.Float32);
        List<Tensor> rows =
        [
            .. Reference
                .Tensors.Keys.Where(name => name.StartsWith($"{key}.embedding.", StringComparison.Ordinal))
                .Order()
                .Select(name => Reference.Read(name)),
        ]; // (2, d) for each text encoder, or none
        Placeholder[] placeholders = rows.Count == 0 ? [] : [Placeholder.Parse("<robot>", 2)];
        var tokenizers = new PromptTokenizers(model.Tokenizers, placeholders);
        var learned = rows.Count == 0 ? null : rows;
        var tokens = tokenizers.Tokenize([prompt]);
        var conditioning = model.EncodePrompts(tokens, learned, [SizeConditioning.Whole(64, 64)]);
        Goldens.AssertClose(Reference.Read($"{key}.states"), conditioning.EncoderHiddenStates, 1e-4, "states");
        if (conditioning.Added is { } added)
            Goldens.AssertClose(Reference.Read($"{key}.pooled"), added.PooledText, 1e-4, "pooled");

        var image = new TextToImage(model, LoraFixture.Ddim(files), tokenizers, learned).Generate(
            LoraFixture.Settings(Reference.Metadata) with
            {
                Prompt = prompt,
            },
            ulong.Parse(Reference.Metadata["seed"], CultureInfo.InvariantCulture)
        );
        var expected = Reference.Read($"{key}.image").permute(1, 2, 0).contiguous().bytes; // (H, W, 3)
        for (var i = 0; i < expected.Length; i++)
            Assert.InRange(Math.Abs(expected[i] - image.Pixels[i]), 0, 1);
    }
}
