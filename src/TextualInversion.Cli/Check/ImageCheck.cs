using System.Globalization;
using TextualInversion.Data;

namespace TextualInversion.Cli.Check;

/// <summary>Checks the training images, all of them even if one is broken.</summary>
internal sealed class ImageCheck(TrainOptions options, int resolution, CheckFindings findings)
{
    private const int UsualCount = 3;

    private readonly List<(CheckedImage Image, PerceptualHash Hash)> seen = [];

    /// <param name="paths">Folders and files.</param>
    /// <param name="cancellationToken">Checked before each image.</param>
    public IReadOnlyList<CheckedImage> Look(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        if (findings.Try(CheckSubject.Images, () => ImageFiles.Find(paths)) is not { } files)
            return [];
        foreach (var skipped in files.Skipped)
            Warn(skipped.ToString());
        foreach (var path in files.Images)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var image = findings.Try(
                CheckSubject.Images,
                () => TrainingImageSet.Load(path, resolution, options.Crop, options.Mask)
            );
            if (image is not null)
                Look(image with { Repeats = files.Repeats.GetValueOrDefault(path, 1) });
        }

        if (files.Images.Count < UsualCount)
        {
            Warn(
                $"{files.Images.Count} {(files.Images.Count == 1 ? "image is" : "images are")} few: "
                    + "what surrounds the object is learned with it; take three to five with different backgrounds"
            );
        }

        return [.. seen.Select(each => each.Image)];
    }

    private void Look(TrainingImage image)
    {
        var quality = ImageQuality.Of(image.Pixels);
        foreach (var warning in image.Warnings)
            Warn(warning.ToString());
        WarnOfQuality(image, quality);
        if (FindDuplicate(quality.Hash) is { } duplicate)
        {
            Warn(
                $"{image.Path}: is nearly the same as {duplicate.Path}; "
                    + "what they have in common is learned with the object, so leave one"
            );
        }

        seen.Add((Describe(image, quality), quality.Hash));
    }

    private void WarnOfQuality(TrainingImage image, ImageQuality quality)
    {
        if (quality.IsDark)
        {
            var brightness = quality.Brightness.ToString("F2", CultureInfo.InvariantCulture);
            Warn(
                $"{image.Path}: is very dark (brightness {brightness} of 1); brighten it, "
                    + "or if it is meant to be dark, use --noise-offset 0.05"
            );
        }
        else if (quality.IsBlurred && !image.IsEnlarged)
        {
            var sharpness = quality.Sharpness.ToString("F0", CultureInfo.InvariantCulture);
            Warn(
                $"{image.Path}: is blurred (sharpness {sharpness}, 65 and more is usual), and the blur is learned too; "
                    + "take a sharper one"
            );
        }
    }

    private CheckedImage? FindDuplicate(PerceptualHash hash) =>
        seen.Find(other => other.Hash.DistanceTo(hash) <= PerceptualHash.LargestDistanceOfDuplicates).Image;

    private static CheckedImage Describe(TrainingImage image, ImageQuality quality) =>
        new(
            image.Path,
            image.OriginalWidthPixels,
            image.OriginalHeightPixels,
            image.Pixels.WidthPixels,
            image.Pixels.HeightPixels,
            image.Repeats,
            image.IsTurned
        )
        {
            Sharpness = quality.Sharpness,
            Brightness = quality.Brightness,
            Counted = image.Mask is { } mask ? mask.Values.Average(value => value / (double)byte.MaxValue) : 1,
        };

    private void Warn(string message) => findings.Warn(CheckSubject.Images, message);
}
