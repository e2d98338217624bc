using TextualInversion;

namespace LibraryExamples;

/// <summary>An example of docs/library.md.</summary>
internal static class ProgressExample
{
    public static async Task RunAsync()
    {
        // csharpier-ignore-start
        using var model = await StableDiffusionModel.LoadAsync("samples/demo-model");
        using var enough = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        var progress = new Progress<TrainProgress>(at =>
            Console.WriteLine($"{at.Step} of {at.Steps}: loss {at.Loss:F4}")
        );

        var result = await model.TrainAsync(
            TrainingImages.Load("samples/my-cat"),
            new TrainOptions { Token = "my-cat", Initializer = "cat", Steps = 100 },
            progress,
            enough.Token
        );
        Console.WriteLine($"{result.End} after {result.Steps} steps; step {result.BestStep} gave the best embedding.");
        // csharpier-ignore-end
    }
}
