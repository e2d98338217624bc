using TextualInversion;

namespace LibraryExamples;

/// <summary>An example of docs/library.md.</summary>
internal static class DistillExample
{
    public static async Task RunAsync()
    {
        // csharpier-ignore-start
        using var model = await StableDiffusionModel.LoadAsync("samples/demo-model");
        var result = await model.DistillAsync(
            "blurry, dark, a sketch of a small gray plain tree at night",
            new DistillOptions { Token = "bad", Vectors = 4, IsNegative = true }
        );
        Console.WriteLine($"{result.Tokens} tokens in {result.Embedding.Vectors}; distance {result.Distance:F3}");

        // The model that the embedding records is read too; of both only the text encoders.
        var translated = await result.Embedding.TranslateAsync("stabilityai/stable-diffusion-xl-base-1.0");
        translated.Embedding.Save("bad-xl.safetensors");
        // csharpier-ignore-end
    }
}
