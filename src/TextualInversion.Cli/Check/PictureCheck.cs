using System.Globalization;
using TextualInversion.Data;
using TextualInversion.Training;

namespace TextualInversion.Cli.Check;

/// <summary>Looks at the pictures of a training, at all of them even where one is broken.</summary>
internal sealed class PictureCheck(TrainOptions options, int resolution, List<CheckFinding> findings)
{
    private const int Usual = 3;

    private readonly List<(CheckedPicture Picture, PerceptualHash Hash)> seen = [];

    /// <param name="paths">folders and files</param>
    /// <param name="cancellationToken">stops it</param>
    public IReadOnlyList<CheckedPicture> Look(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        if (Try(() => PictureFiles.Find(paths)) is not { } files)
            return [];
        foreach (var stray in files.Strays)
            Warn(stray.ToString());
        foreach (var path in files.Pictures)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Try(() => TrainingPictures.Load(path, resolution, options.Crop, options.Mask)) is { } picture)
                Look(picture with { Repeats = files.Repeats.GetValueOrDefault(path, 1) });
        }

        if (files.Pictures.Count < Usual)
            Warn(
                $"{files.Pictures.Count} {(files.Pictures.Count == 1 ? "picture is" : "pictures are")} few: what surrounds the thing is learned with it; take three to five with different backgrounds"
            );
        return [.. seen.Select(each => each.Picture)];
    }

    private void Look(TrainingPicture picture)
    {
        var quality = PictureQuality.Of(picture.Pixels);
        if (TrainingPictures.WarnOfEnlarging(picture) is { } enlarged)
            Warn(enlarged.ToString());
        else if (quality is { IsBlurred: true, IsDark: false })
            Warn(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{picture.Path}: is blurred (sharpness {quality.Sharpness:F0}, usual are 65 and more), and the blur is learned too; take a sharper one"
                )
            );
        if (quality.IsDark)
            Warn(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{picture.Path}: is very dark (brightness {quality.Brightness:F2} of 1); brighten it, or if it is to be so, say --noise-offset 0.05"
                )
            );
        if (
            seen.Find(other =>
                other.Hash.DistanceTo(quality.Hash) <= PerceptualHash.LargestDistanceOfDuplicates
            ).Picture is
            { } twin
        )
            Warn(
                $"{picture.Path}: is nearly the same as {twin.Path}; what they have in common is learned with the thing, so leave one"
            );
        var isTurned = PictureDecoder.IsTurned(picture.Path);
        seen.Add(
            (
                new CheckedPicture(
                    picture.Path,
                    picture.OriginalWidthPixels,
                    picture.OriginalHeightPixels,
                    picture.Pixels.WidthPixels,
                    picture.Pixels.HeightPixels,
                    picture.Repeats,
                    isTurned
                )
                {
                    Sharpness = quality.Sharpness,
                    Brightness = quality.Brightness,
                    Counted = picture.Mask is { } mask
                        ? mask.Values.Average(value => value / (double)byte.MaxValue)
                        : 1,
                },
                quality.Hash
            )
        );
    }

    private void Warn(string message) =>
        findings.Add(new CheckFinding(Severity.Warning, CheckSubject.Pictures, message));

    private T? Try<T>(Func<T> work)
        where T : class
    {
        try
        {
            return work();
        }
        catch (TextualInversionException problem)
        {
            findings.Add(new CheckFinding(Severity.Error, CheckSubject.Pictures, problem.Message));
            return null;
        }
    }
}
