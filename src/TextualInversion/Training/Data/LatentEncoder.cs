using TextualInversion.Data;
using TextualInversion.Models;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training.Data;

/// <summary>
/// Encodes images one by one, so that memory holds the feature maps of a single image, or finds them in the cache.
/// </summary>
/// <param name="model">The frozen model.</param>
/// <param name="cache">Where encoded images are kept, or null to encode each image.</param>
internal sealed class LatentEncoder(IDiffusionModel model, LatentCache? cache)
{
    /// <summary>Encodes all images, and their mirror images if asked for, then frees the VAE.</summary>
    /// <param name="images">N images, of any sizes.</param>
    /// <param name="flip">Whether to encode the mirror images too.</param>
    /// <param name="progress">
    /// Receives the images encoded so far and their total, without those that the cache has. It is not called if the
    /// cache has all.
    /// </param>
    /// <param name="cancellationToken">Checked before each image.</param>
    /// <returns>
    /// N or 2 N times the latents (1, 4, h, w), the second N mirrored; the hashes of the VAE before and after.
    /// </returns>
    /// <exception cref="InvalidOperationException">The VAE changed.</exception>
    public (List<LatentDistribution> Latents, FrozenHash Vae) Encode(
        IReadOnlyList<TrainingImage> images,
        bool flip,
        Action<int, int> progress,
        CancellationToken cancellationToken
    )
    {
        var before = model.Hash(ModelPart.VaeEncoder);
        List<Wanted> wanted =
        [
            .. images.Select(image => new Wanted(image, IsMirrored: false)),
            .. flip ? images.Select(image => new Wanted(image, IsMirrored: true)) : [],
        ];
        var keys = cache is null ? [] : wanted.ConvertAll(each => KeyOf(each, before));
        var found = wanted.Select((_, i) => cache?.Find(keys[i], model.Device)).ToList();
        var missing = found.Count(latents => latents is null);
        var encoded = 0;
        for (var i = 0; i < found.Count; i++)
        {
            if (found[i] is not null)
                continue;
            progress(encoded, missing);
            cancellationToken.ThrowIfCancellationRequested();
            found[i] = EncodeOne(wanted[i]);
            cache?.Keep(keys[i], found[i]!);
            progress(++encoded, missing);
        }

        if (encoded > 0)
            cache?.Shrink();
        var vae = FrozenHash.Of(ModelPart.VaeEncoder, before, model.Hash(ModelPart.VaeEncoder));
        model.ReleaseVae();
        Allocator.Trim();
        return ([.. found.Select(latents => latents!)], vae);
    }

    private string KeyOf(Wanted wanted, string vaeHash) =>
        LatentCache.Key(wanted.Image.Pixels, wanted.IsMirrored, vaeHash, model.Device);

    private LatentDistribution EncodeOne(Wanted wanted)
    {
        using var scope = NewDisposeScope();
        var pixels = wanted.Image.ToTensor().unsqueeze(0).to(model.Device); // (1, 3, H, W)
        var (mean, std) = model.EncodeImages(wanted.IsMirrored ? pixels.flip(3) : pixels);
        return new LatentDistribution(mean.DetachFromDisposeScope(), std.DetachFromDisposeScope());
    }

    private sealed record Wanted(TrainingImage Image, bool IsMirrored);
}
