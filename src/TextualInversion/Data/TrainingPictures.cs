using System.Security.Cryptography;

namespace TextualInversion.Data;

/// <summary>The pictures of a training run.</summary>
/// <param name="Pictures">In the order of <see cref="PictureFiles.Pictures"/>.</param>
/// <param name="Warnings">Files that were skipped, and pictures that are smaller than the resolution.</param>
public sealed record TrainingPictures(IReadOnlyList<TrainingPicture> Pictures, IReadOnlyList<PictureNotice> Warnings)
{
    /// <summary>Makes the pictures in <paramref name="paths"/> (folders and files) squares of <paramref name="resolution"/> pixels a side.</summary>
    /// <exception cref="TextualInversionException">
    /// See <see cref="PictureFiles.Find"/>, <see cref="PictureDecoder.Decode(string)"/> and <see cref="Captions.Read"/>;
    /// or the resolution is not a positive multiple of 8.
    /// </exception>
    public static TrainingPictures Load(
        IEnumerable<string> paths, int resolution, CropMode crop, CancellationToken cancellationToken = default)
    {
        // The VAE makes one latent cell of 8 x 8 pixels.
        if (resolution <= 0 || resolution % 8 != 0)
            throw new TextualInversionException($"A resolution of {resolution} is not possible; choose a multiple of 8 pixels, such as 512.");
        var files = PictureFiles.Find(paths);
        var warnings = new List<PictureNotice>(files.Strays);
        var pictures = new List<TrainingPicture>();
        foreach (var path in files.Pictures)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var picture = Load(path, resolution, crop);
            pictures.Add(picture);
            if (WarnOfEnlarging(picture, resolution) is { } warning) warnings.Add(warning);
        }

        return new TrainingPictures(pictures, warnings);
    }

    private static TrainingPicture Load(string path, int resolution, CropMode crop)
    {
        var file = PictureDecoder.ReadBytes(path);
        var decoded = PictureDecoder.Decode(path, file);
        var cropped = crop switch
        {
            CropMode.Center => decoded.CropCenter(),
            CropMode.Squash => decoded,
            _ => throw new ArgumentOutOfRangeException(nameof(crop), crop, null),
        };
        var resized = BicubicResize.Resize(cropped, resolution, resolution);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(file));
        return new TrainingPicture(path, resized, sha256, decoded.WidthPixels, decoded.HeightPixels, Captions.Read(path));
    }

    private static PictureNotice? WarnOfEnlarging(TrainingPicture picture, int resolution)
    {
        int width = picture.OriginalWidthPixels, height = picture.OriginalHeightPixels;
        if (Math.Min(width, height) >= resolution) return null;
        return new PictureNotice(
            picture.Path,
            $"{width:N0} x {height:N0} pixels are enlarged to {resolution:N0} x {resolution:N0}; "
            + "the blur is learned too, so take a larger picture or a lower resolution");
    }
}
