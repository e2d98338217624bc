using TextualInversion;

namespace LibraryExamples;

/// <summary>An example of docs/library.md.</summary>
internal static class EvaluateExample
{
    public static async Task RunAsync()
    {
        // csharpier-ignore-start
        using var model = await StableDiffusionModel.LoadAsync("samples/demo-model");
        var embedding = Embedding.Load("my-cat.safetensors"); // any layout: diffusers, WebUI, SDXL, PNG, …

        using var generator = model.CreateGenerator(embedding);
        var options = new GenerateOptions { Sampler = SamplerKind.EulerAncestral, Steps = 20, Guidance = 6 };
        for (ulong seed = 1; seed <= 4; seed++)
        {
            var image = generator.Generate("a photo of <my-cat> in the snow", seed, options);
            image.Save($"snow-{seed}.png", overwrite: true);
        }

        var scores = await model.EvaluateAsync([embedding], TrainingImages.Load("samples/my-cat"));
        Console.WriteLine($"image similarity {scores.Embeddings[0].ImageSimilarity.Mean:F3}");
        Console.WriteLine($"text similarity {scores.Embeddings[0].TextSimilarity.Mean:F3}: {scores.Reason}");
        // csharpier-ignore-end
    }
}
