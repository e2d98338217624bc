using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;

namespace TextualInversion.Evaluation;

/// <summary>
/// Generates the images of candidates, and gives each image a key of everything that its pixels depend on.
/// </summary>
/// <param name="model">The frozen model.</param>
/// <param name="scheduler">The model's noise schedule.</param>
/// <param name="fingerprint">
/// A text that is the same for the same weights and precision; see <see cref="ModelFingerprint"/>.
/// </param>
internal sealed class CandidateGenerator(IDiffusionModel model, SchedulerConfig scheduler, string fingerprint)
{
    public RgbImage Generate(
        Candidate candidate,
        GenerationSettings options,
        ulong seed,
        CancellationToken cancellationToken
    )
    {
        var tokenizers = new PromptTokenizers(model.Tokenizers, candidate.Placeholders);
        var generator = new TextToImage(model, scheduler, tokenizers, candidate.Rows);
        return generator.Generate(options, seed, cancellationToken: cancellationToken);
    }

    /// <summary>The settings that are written into an image file.</summary>
    public static string Describe(GenerationSettings options, ulong seed, string modelName) =>
        WebUiParameters.Format(options, seed, modelName, "ti");

    /// <summary>The name of the image in an <see cref="ImageCache"/>.</summary>
    public string Key(Candidate candidate, GenerationSettings options, ulong seed) =>
        new ImageKey
        {
            Model = fingerprint,
            Scheduler = scheduler,
            Device = model.Device.ToString(),
            Rows = candidate.Hash(),
            Words = candidate.Words,
            Options = options,
            Seed = seed,
        }.Hash();
}
