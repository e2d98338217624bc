using TextualInversion;

namespace LibraryExamples;

/// <summary>The example of docs/library.md with images from memory.</summary>
internal static class MemoryExample
{
    public static Task<Embedding> RunAsync(IEnumerable<byte[]> frames, int width, int height)
    {
        return TrainOnFramesAsync(frames, width, height);

        // csharpier-ignore-start
        static async Task<Embedding> TrainOnFramesAsync(IEnumerable<byte[]> frames, int width, int height)
        {
            using var model = await StableDiffusionModel.LoadAsync("samples/demo-model");
            var images = TrainingImages.Concat(
                frames.Select(rgb => TrainingImages.FromRgb(rgb, width, height, caption: "a photo of {}"))
            );
            var result = await model.TrainAsync(images, new TrainOptions { Token = "my-thing" });
            return result.Embedding;
        }
        // csharpier-ignore-end
    }
}
