using System.Security.Cryptography;

namespace TextualInversion.Data;

/// <summary>The pictures of a training run.</summary>
/// <param name="Pictures">In the order of <see cref="PictureFiles.Pictures"/>.</param>
/// <param name="Warnings">Files that were skipped, and pictures that are smaller than the resolution.</param>
public sealed record TrainingPictures(IReadOnlyList<TrainingPicture> Pictures, IReadOnlyList<PictureNotice> Warnings)
{
    /// <summary>Brings the pictures in <paramref name="paths"/> (folders and files) to <paramref name="resolution"/>, in pixels a side.</summary>
    /// <exception cref="TextualInversionException">
    /// See <see cref="PictureFiles.Find"/>, <see cref="PictureDecoder.Decode(string)"/>, <see cref="Captions.Read"/> and <see cref="PictureMask"/>;
    /// or the resolution is not a positive multiple of 8.
    /// </exception>
    public static TrainingPictures Load(
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
        var files = PictureFiles.Find(paths);
        var warnings = new List<PictureNotice>(files.Strays);
        var pictures = new List<TrainingPicture>();
        foreach (var path in files.Pictures)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var picture = Load(path, resolution, crop, mask) with
            {
                Repeats = files.Repeats.GetValueOrDefault(path, 1),
            };
            pictures.Add(picture);
            if (WarnOfEnlarging(picture) is { } warning)
                warnings.Add(warning);
        }

        return new TrainingPictures(pictures, warnings);
    }

    /// <summary>One picture, which counts once.</summary>
    /// <exception cref="TextualInversionException">As <see cref="Load(IEnumerable{string}, int, CropMode, MaskSource, CancellationToken)"/>.</exception>
    public static TrainingPicture Load(string path, int resolution, CropMode crop, MaskSource? mask)
    {
        var file = PictureDecoder.ReadBytes(path);
        var decoded = PictureDecoder.Decode(path, file);
        var target = PictureFit.Target(decoded, crop, resolution);
        RgbPicture Fit(RgbPicture picture) => PictureFit.Apply(picture, crop, target);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(file));
        return new TrainingPicture(
            path,
            Fit(decoded),
            sha256,
            decoded.WidthPixels,
            decoded.HeightPixels,
            Captions.Read(path)
        )
        {
            Mask = mask is null ? null : PictureMask.Read(mask, path, file, decoded, Fit),
        };
    }

    /// <summary>What is said of a picture that is smaller than it is learned; null of others.</summary>
    public static PictureNotice? WarnOfEnlarging(TrainingPicture picture)
    {
        int width = picture.OriginalWidthPixels,
            height = picture.OriginalHeightPixels;
        if (width >= picture.Pixels.WidthPixels && height >= picture.Pixels.HeightPixels)
            return null;
        return new PictureNotice(
            picture.Path,
            $"{width:N0} x {height:N0} pixels are enlarged to {picture.Pixels.WidthPixels:N0} x {picture.Pixels.HeightPixels:N0}; "
                + "the blur is learned too, so take a larger picture or a lower resolution"
        );
    }
}
