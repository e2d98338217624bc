using System.Globalization;
using TextualInversion.Data;

namespace TextualInversion.Cli.Check;

/// <summary>Looks at the images of a training, at all of them even where one is broken.</summary>
internal sealed class ImageCheck(TrainOptions options, int resolution, List<CheckFinding> findings)
{
    private const int Usual = 3;

    private readonly List<(CheckedImage Image, PerceptualHash Hash)> seen = [];

    /// <param name="paths">folders and files</param>
    /// <param name="cancellationToken">stops it</param>
    public IReadOnlyList<CheckedImage> Look(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        if (Try(() => ImageFiles.Find(paths)) is not { } files)
            return [];
        foreach (var stray in files.Strays)
            Warn(stray.ToString());
        foreach (var path in files.Images)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Try(() => TrainingImageSet.Load(path, resolution, options.Crop, options.Mask)) is { } image)
                Look(image with { Repeats = files.Repeats.GetValueOrDefault(path, 1) });
        }

        if (files.Images.Count < Usual)
            Warn(
                $"{files.Images.Count} {(files.Images.Count == 1 ? "image is" : "images are")} few: what surrounds the thing is learned with it; take three to five with different backgrounds"
            );
        return [.. seen.Select(each => each.Image)];
    }

    private void Look(TrainingImage image)
    {
        var quality = ImageQuality.Of(image.Pixels);
        if (TrainingImageSet.WarnOfEnlarging(image) is { } enlarged)
            Warn(enlarged.ToString());
        else if (quality is { IsBlurred: true, IsDark: false })
            Warn(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{image.Path}: is blurred (sharpness {quality.Sharpness:F0}, usual are 65 and more), and the blur is learned too; take a sharper one"
                )
            );
        if (quality.IsDark)
            Warn(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{image.Path}: is very dark (brightness {quality.Brightness:F2} of 1); brighten it, or if it is to be so, say --noise-offset 0.05"
                )
            );
        if (
            seen.Find(other =>
                other.Hash.DistanceTo(quality.Hash) <= PerceptualHash.LargestDistanceOfDuplicates
            ).Image is
            { } twin
        )
            Warn(
                $"{image.Path}: is nearly the same as {twin.Path}; what they have in common is learned with the thing, so leave one"
            );
        var isTurned = ImageDecoder.IsTurned(image.Path);
        seen.Add(
            (
                new CheckedImage(
                    image.Path,
                    image.OriginalWidthPixels,
                    image.OriginalHeightPixels,
                    image.Pixels.WidthPixels,
                    image.Pixels.HeightPixels,
                    image.Repeats,
                    isTurned
                )
                {
                    Sharpness = quality.Sharpness,
                    Brightness = quality.Brightness,
                    Counted = image.Mask is { } mask ? mask.Values.Average(value => value / (double)byte.MaxValue) : 1,
                },
                quality.Hash
            )
        );
    }

    private void Warn(string message) => findings.Add(new CheckFinding(Severity.Warning, CheckSubject.Images, message));

    private T? Try<T>(Func<T> work)
        where T : class
    {
        try
        {
            return work();
        }
        catch (TextualInversionException problem)
        {
            findings.Add(new CheckFinding(Severity.Error, CheckSubject.Images, problem.Message));
            return null;
        }
    }
}
