using System.Security.Cryptography;
using System.Text.Json;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;

namespace TextualInversion.Evaluation;

/// <summary>Paints candidates, and names an image by all that decides on its pixels.</summary>
/// <param name="model">The frozen model.</param>
/// <param name="scheduler">Its noise schedule.</param>
/// <param name="fingerprint">Of the model's files, see <see cref="ModelFingerprint"/>, and of what it computes in.</param>
internal sealed class CandidateGenerator(IDiffusionModel model, SchedulerConfig scheduler, string fingerprint)
{
    private const int Version = 2; // of the images: another one where the painting changes

    public RgbImage Paint(
        Candidate candidate,
        GenerationSettings options,
        ulong seed,
        CancellationToken cancellationToken
    ) =>
        new TextToImage(
            model,
            scheduler,
            new PromptTokenizers(model.Tokenizers, candidate.Placeholders),
            candidate.Rows
        ).Generate(options, seed, cancellationToken: cancellationToken);

    /// <summary>What is written into an image.</summary>
    public static string Describe(GenerationSettings options, ulong seed, string modelName) =>
        WebUiParameters.Format(options, seed, modelName, "ti");

    /// <summary>The same for images of the same pixels, another for any other.</summary>
    public string Key(Candidate candidate, GenerationSettings options, ulong seed) =>
        Convert.ToHexStringLower(
            SHA256.HashData(
                JsonSerializer.SerializeToUtf8Bytes(
                    new
                    {
                        Version,
                        fingerprint,
                        scheduler,
                        Device = model.Device.ToString(),
                        Rows = candidate.Hash(),
                        candidate.Words,
                        options,
                        seed,
                    }
                )
            )
        );
}
