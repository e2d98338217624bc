using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Schedulers;
using TextualInversion.Training.Data;
using static TorchSharp.torch;

namespace TextualInversion.Training.Distillation;

/// <summary>
/// Images with the whole prompt and with what takes its place, with the same seeds: how far their pixels are apart.
/// </summary>
internal static class DistilledImages
{
    /// <summary>The settings of an image with a text as its prompt, or as its negative prompt.</summary>
    public static GenerationSettings Settings(DistillationOptions options, string text) =>
        options.IsNegative
            ? options.Images with
            {
                Prompt = "",
                Negative = text,
            }
            : options.Images with
            {
                Prompt = text,
            };

    /// <summary>Generates an image for each seed.</summary>
    /// <param name="prompts">The prompts.</param>
    /// <param name="scheduler">The model's noise schedule.</param>
    /// <param name="options">The settings.</param>
    /// <param name="text">The text.</param>
    /// <param name="rows">The vectors, or null where the text has none.</param>
    /// <param name="cancellationToken">Checked before each call of the model.</param>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public static IReadOnlyList<RgbImage> Generate(
        DistilledPrompts prompts,
        SchedulerConfig scheduler,
        DistillationOptions options,
        string text,
        IReadOnlyList<Tensor>? rows,
        CancellationToken cancellationToken
    )
    {
        var generator = prompts.Generator(scheduler, rows);
        var settings = Settings(options, text);
        return
        [
            .. Enumerable
                .Range(0, options.ComparedImages)
                .Select(number =>
                    generator.Generate(settings, Seed(options.Seed, number), cancellationToken: cancellationToken)
                ),
        ];
    }

    /// <summary>The root of the mean squared difference of two images' bytes, from 0 to 255.</summary>
    public static double Distance(RgbImage one, RgbImage other) =>
        Math.Sqrt(one.Pixels.Zip(other.Pixels, (a, b) => (double)(a - b) * (a - b)).Average());

    private static ulong Seed(ulong seed, int number) =>
        (ulong)new StepRandom(seed, RandomStream.Order, -100 - number).Index(int.MaxValue);
}
