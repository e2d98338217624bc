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

        var options = new TrainOptions { Token = "my-cat", Initializer = "cat", Seed = 1 };
        var result = await model.TrainAsync(images, options);
        result.Embedding.Save("my-cat.safetensors"); // in the layout of the model's family, with its provenance

        using var generator = model.CreateGenerator(result.Embedding);
        generator.Generate("a painting of <my-cat> on a beach", seed: 7).Save("beach.png");
        // csharpier-ignore-end
    }
}
