using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Generation;

/// <summary>A generation in which memory runs out.</summary>
[Trait("Category", Goldens.Category)]
[SuppressMessage("Usage", "CA2201", Justification = "This is what TorchSharp throws.")]
public sealed class OutOfMemoryTests
{
    private const string Message = "CUDA out of memory. Tried to allocate 20.00 MiB.";

    private static readonly GenerationSettings Settings = new()
    {
        Prompt = "a cat",
        Sampler = SamplerKind.Ddim,
        Steps = 1,
        Guidance = 2,
        Width = 32,
        Height = 32,
    };

    [Fact]
    public void Generate_RunsOutInAStep_SaysSo() =>
        AssertSaid(model => model.OnPredict = () => throw new ExternalException(Message));

    [Fact]
    public void Generate_RunsOutInDecoding_SaysSo() =>
        AssertSaid(model => model.OnDecode = () => throw new ExternalException(Message));

    [Fact]
    public void Generate_AfterItRanOut_Works()
    {
        using var model = Open();
        model.OnDecode = () =>
        {
            model.OnDecode = () => { };
            throw new ExternalException(Message);
        };

        Assert.Throws<TextualInversionException>(() => Generate(model));
        var image = Generate(model);

        Assert.Equal((32, 32), (image.WidthPixels, image.HeightPixels));
    }

    private static void AssertSaid(Action<FaultyModel> prepare)
    {
        using var model = Open();
        prepare(model);

        var error = Assert.Throws<TextualInversionException>(() => Generate(model));
        Assert.Contains("Memory ran out", error.Message, StringComparison.Ordinal);
    }

    private static FaultyModel Open() => new(new GoldenModel("sd1").Open());

    private static TextualInversion.Data.RgbImage Generate(FaultyModel model) =>
        new TextToImage(
            model,
            ModelScheduler.Load(new GoldenModel("sd1").Folder, prediction: null),
            new PromptTokenizers(model.Tokenizers, []),
            rows: null
        ).Generate(Settings, seed: 1);
}
