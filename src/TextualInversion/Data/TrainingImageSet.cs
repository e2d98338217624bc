using System.Security.Cryptography;

namespace TextualInversion.Data;

/// <summary>The images of a training run.</summary>
/// <param name="Images">In the order of <see cref="ImageFiles.Images"/>.</param>
/// <param name="Warnings">Files that were skipped, and images that are smaller than the resolution.</param>
internal sealed record TrainingImageSet(IReadOnlyList<TrainingImage> Images, IReadOnlyList<ImageWarning> Warnings)
{
    /// <summary>Brings the images in <paramref name="paths"/> (folders and files) to <paramref name="resolution"/>, in pixels a side.</summary>
    /// <exception cref="TextualInversionException">
    /// See <see cref="ImageFiles.Find"/>, <see cref="ImageDecoder.Decode(string)"/>, <see cref="Captions.Read"/> and <see cref="ImageMask"/>;
    /// or the resolution is not a positive multiple of 8.
    /// </exception>
    public static TrainingImageSet Load(
        IEnumerable<string> paths,
        int resolution,
        CropMode crop,
        MaskSource? mask = null,
        CancellationToken cancellationToken = default
    )
    {
        // The VAE makes one latent cell of 8 x 8 pixels.
        if (resolution <= 0 || resolution % 8 != 0)
            throw new TextualInversionException(
                $"A resolution of {resolution} is not possible; choose a multiple of 8 pixels, such as 512."
            );
        var files = ImageFiles.Find(paths);
        var warnings = new List<ImageWarning>(files.Strays);
        var images = new List<TrainingImage>();
        foreach (var path in files.Images)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var image = Load(path, resolution, crop, mask) with { Repeats = files.Repeats.GetValueOrDefault(path, 1) };
            images.Add(image);
            if (WarnOfEnlarging(image) is { } warning)
                warnings.Add(warning);
        }

        return new TrainingImageSet(images, warnings);
    }

    /// <summary>One image, which counts once.</summary>
    /// <exception cref="TextualInversionException">As <see cref="Load(IEnumerable{string}, int, CropMode, MaskSource, CancellationToken)"/>.</exception>
    public static TrainingImage Load(string path, int resolution, CropMode crop, MaskSource? mask)
    {
        var file = ImageDecoder.ReadBytes(path);
        var decoded = ImageDecoder.Decode(path, file);
        var target = ImageFit.Target(decoded, crop, resolution);
        RgbImage Fit(RgbImage image) => ImageFit.Apply(image, crop, target);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(file));
        return new TrainingImage(
            path,
            Fit(decoded),
            sha256,
            decoded.WidthPixels,
            decoded.HeightPixels,
            Captions.Read(path)
        )
        {
            Mask = mask is null ? null : ImageMask.Read(mask, path, file, decoded, Fit),
        };
    }

    /// <summary>What is said of an image that is smaller than it is learned; null of others.</summary>
    public static ImageWarning? WarnOfEnlarging(TrainingImage image)
    {
        int width = image.OriginalWidthPixels,
            height = image.OriginalHeightPixels;
        if (width >= image.Pixels.WidthPixels && height >= image.Pixels.HeightPixels)
            return null;
        return new ImageWarning(
            image.Path,
            $"{width:N0} x {height:N0} pixels are enlarged to {image.Pixels.WidthPixels:N0} x {image.Pixels.HeightPixels:N0}; "
                + "the blur is learned too, so take a larger image or a lower resolution"
        );
    }
}
