using TextualInversion.Generation;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Bench;

/// <summary>Generates images to measure how long it takes.</summary>
/// <param name="model">The model.</param>
/// <param name="scheduler">Its noise schedule.</param>
/// <param name="resolution">The side of the images in pixels.</param>
internal sealed class BenchImages(TimedModel model, SchedulerConfig scheduler, int resolution)
{
    private const double Guidance = 7.5; // above 1: each step computes a batch of two

    private readonly TextToImage images = new(model, scheduler, new PromptTokenizers(model.Tokenizers, []), rows: null);

    /// <summary>Generates an image.</summary>
    /// <param name="steps">The sampling steps.</param>
    /// <param name="cancellationToken">Checked before each step.</param>
    /// <exception cref="OperationCanceledException">The generation was canceled.</exception>
    public void Generate(int steps, CancellationToken cancellationToken)
    {
        using var noGrad = no_grad();
        var settings = new GenerationSettings
        {
            Prompt = "a photo of a cat",
            Sampler = SamplerKind.Euler,
            Steps = steps,
            Guidance = Guidance,
            Width = resolution,
            Height = resolution,
        };
        images.Generate(settings, seed: 1, progress: null, cancellationToken);
    }
}
