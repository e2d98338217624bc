using TextualInversion;

namespace LibraryExamples;

/// <summary>An example of docs/library.md.</summary>
internal static class TrainExample
{
    public static async Task RunAsync()
    {
        // csharpier-ignore-start
        using var model = await StableDiffusionModel.LoadAsync("samples/demo-model"); // hub id, folder or single file
        var images = TrainingImages.Load("samples/my-cat");

        var result = await model.TrainAsync(images, new TrainOptions { Token = "my-cat", Initializer = "cat", Seed = 1 });
        result.Embedding.Save("my-cat.safetensors");                                  // layout by model family, provenance filled in

        using var generator = model.CreateGenerator(result.Embedding);
        generator.Generate("a painting of <my-cat> on a beach", seed: 7).Save("beach.png");
        // csharpier-ignore-end
    }
}
