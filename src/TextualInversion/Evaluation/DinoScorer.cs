using TextualInversion.Data;
using TextualInversion.Models.Dino;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Evaluation;

/// <summary>A candidate's image similarity by DINOv2.</summary>
/// <param name="Similarity">Mean cosine between the bare images and the images to compare with.</param>
/// <param name="Gain">Difference from the baseline, paired by seed.</param>
internal sealed record DinoScore(Estimate Similarity, Estimate Gain);

/// <summary>
/// Embeds images with DINOv2 as vectors of length 1. DreamBooth (Ruiz et al. 2023, section 4.1) compares subjects so:
/// unlike CLIP's, these embeddings tell two things of the same kind apart.
/// </summary>
internal sealed class DinoScorer : IDisposable
{
    private readonly DinoModel dino;
    private readonly ClipImageProcessor processor;

    /// <param name="folder">A DINOv2 in transformers' layout.</param>
    /// <param name="device">Where to compute.</param>
    /// <exception cref="TextualInversionException">
    /// A file is missing, truncated or belongs to another model.
    /// </exception>
    public DinoScorer(string folder, Device device)
    {
        dino = new DinoModel(folder, device);
        try
        {
            processor = new ClipImageProcessor(folder, imageSize: null, dino.PatchSize);
        }
        catch (TextualInversionException)
        {
            dino.Dispose();
            throw;
        }
    }

    /// <summary>Embeds one image.</summary>
    public float[] Embed(RgbImage image)
    {
        using var scope = NewDisposeScope();
        var embedding = dino.Forward(processor.Prepare(image)); // (1, width)
        return HostCopy.Floats(embedding / embedding.Squared().sum(-1, keepdim: true).sqrt());
    }

    /// <summary>The result with the scores of all candidates and the baseline.</summary>
    /// <param name="result">What CLIP says.</param>
    /// <param name="references">The images to compare with.</param>
    /// <param name="count">The number of bare images of each candidate.</param>
    /// <param name="cancellationToken">Stops between two images.</param>
    /// <exception cref="TextualInversionException">An image cannot be read.</exception>
    public EvaluationResult Add(
        EvaluationResult result,
        IReadOnlyList<RgbImage> references,
        int count,
        CancellationToken cancellationToken
    )
    {
        var given = references.Select(Embed).ToList();
        var baseline = Similarities(result.Baseline);
        return result with
        {
            Rows = [.. result.Rows.Select(row => With(row, Similarities(row)))],
            Baseline = With(result.Baseline, baseline),
        };

        EvaluationRow With(EvaluationRow row, IReadOnlyList<double> similarities) =>
            row with
            {
                Dino = new DinoScore(Estimate.Of(similarities), Estimate.OfDifferences(similarities, baseline)),
            };

        List<double> Similarities(EvaluationRow row)
        {
            var values = new List<double>();
            foreach (var image in row.Images.Take(count))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var embedding = Embed(ImageDecoder.Decode(image.Path));
                values.Add(given.Average(other => ClipScorer.Cosine(embedding, other)));
            }

            return values;
        }
    }

    public void Dispose() => dino.Dispose();
}
