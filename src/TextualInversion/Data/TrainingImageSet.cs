using TextualInversion.IO;

namespace TextualInversion.Data;

/// <summary>The images of a training run.</summary>
/// <param name="Images">The images in the order of <see cref="ImageFiles.Images"/>.</param>
/// <param name="Warnings">Files that were skipped, and warnings about the images.</param>
internal sealed record TrainingImageSet(IReadOnlyList<TrainingImage> Images, IReadOnlyList<ImageWarning> Warnings)
{
    /// <summary>Loads the images in <paramref name="paths"/> at the resolution of training.</summary>
    /// <param name="paths">Folders and files.</param>
    /// <param name="resolution">The side in pixels, a positive multiple of 8.</param>
    /// <param name="crop">How images that are not square are cropped.</param>
    /// <param name="mask">Where the masks are, or null to train on whole images.</param>
    /// <param name="cancellationToken">Checked before each image.</param>
    /// <exception cref="TextualInversionException">
    /// See <see cref="ImageFiles.Find"/>, <see cref="ImageDecoder.Decode(string)"/>, <see cref="Captions.Read"/> and
    /// <see cref="ImageMask"/>; or the resolution is not a positive multiple of 8.
    /// </exception>
    public static TrainingImageSet Load(
        IEnumerable<string> paths,
        int resolution,
        CropMode crop,
        MaskSource? mask = null,
        CancellationToken cancellationToken = default
    )
    {
        // A latent cell of the VAE is 8 x 8 pixels.
        if (resolution <= 0 || resolution % 8 != 0)
            throw new TextualInversionException(
                $"A resolution of {resolution} is not possible; choose a multiple of 8 pixels, such as 512."
            );
        var files = ImageFiles.Find(paths);
        var images = new List<TrainingImage>();
        foreach (var path in files.Images)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var repeats = files.Repeats.GetValueOrDefault(path, 1);
            images.Add(Load(path, resolution, crop, mask) with { Repeats = repeats });
        }

        return new TrainingImageSet(images, [.. files.Skipped, .. images.SelectMany(image => image.Warnings)]);
    }

    /// <summary>Loads one image.</summary>
    /// <exception cref="TextualInversionException">
    /// As <see cref="Load(IEnumerable{string}, int, CropMode, MaskSource, CancellationToken)"/>.
    /// </exception>
    public static TrainingImage Load(string path, int resolution, CropMode crop, MaskSource? mask)
    {
        var file = ImageDecoder.ReadBytes(path);
        var decoded = ImageDecoder.DecodeAll(path, file);
        var target = ImageFit.Target(decoded.Rgb, crop, resolution);
        RgbImage Fit(RgbImage image) => ImageFit.Apply(image, crop, target);
        var image = new TrainingImage(
            path,
            Fit(decoded.Rgb),
            Sha256.OfBytes(file),
            decoded.Rgb.WidthPixels,
            decoded.Rgb.HeightPixels,
            Captions.Read(path)
        )
        {
            Mask = mask is null ? null : ImageMask.Read(mask, path, decoded, Fit),
            IsTurned = decoded.IsTurned,
        };
        var isAlphaUsed = mask is { Folder: null };
        return image with { Warnings = [.. TrainingImageWarnings.Of(image, decoded, isAlphaUsed)] };
    }
}
