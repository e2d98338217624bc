using TextualInversion.IO;

namespace TextualInversion.Data;

/// <summary>
/// The loss mask of an image: white pixels count in training, black ones do not, gray ones count in part.
/// </summary>
/// <param name="Values">(H, W) bytes, at the resolution of training.</param>
/// <param name="WidthPixels">W, the width in pixels.</param>
/// <param name="HeightPixels">H, the height in pixels.</param>
/// <param name="Path">The mask's own file, or null if the mask is the image's alpha channel.</param>
/// <param name="Sha256">The SHA-256 of that file, in lower-case hexadecimal, or null.</param>
internal sealed record ImageMask(byte[] Values, int WidthPixels, int HeightPixels, string? Path, string? Sha256)
{
    // Of the aspect ratios: a mask may be smaller than its image, and sides are rounded to whole pixels.
    private const double LargestDifferenceOfShape = 0.02;

    /// <summary>Whether every pixel counts fully.</summary>
    public bool IsWhole => !Values.AsSpan().ContainsAnyExcept(byte.MaxValue);

    /// <summary>The mean over each square of <paramref name="side"/> pixels, (H / side, W / side) in [0, 1].</summary>
    public float[] Average(int side)
    {
        int width = WidthPixels / side,
            height = HeightPixels / side;
        var sums = new int[height * width];
        for (var y = 0; y < height * side; y++)
        {
            for (var x = 0; x < width * side; x++)
                sums[y / side * width + x / side] += Values[y * WidthPixels + x];
        }

        return [.. sums.Select(sum => sum / (float)(side * side * byte.MaxValue))];
    }

    /// <summary>Reads the mask of an image and brings it to the size of training.</summary>
    /// <param name="source">Where the mask is.</param>
    /// <param name="image">The path of the image.</param>
    /// <param name="decoded">The whole image.</param>
    /// <param name="fit">Crops and resizes the mask in the same way as the image.</param>
    /// <exception cref="TextualInversionException">
    /// There is no mask, or it is damaged, has another aspect ratio than the image or is black within the crop.
    /// </exception>
    internal static ImageMask Read(MaskSource source, string image, DecodedImage decoded, Func<RgbImage, RgbImage> fit)
    {
        var path = source.Folder is { } folder ? Find(folder, image) : null;
        var content = path is null ? null : ImageDecoder.ReadBytes(path);
        var whole = path is null ? decoded.Alpha : ImageDecoder.Decode(path, content!);
        if (whole is null)
            throw TextualInversionException.ForParameter(
                nameof(TrainingImageOptions.Masks),
                $"{source}: {image} has no alpha channel; save it with one, or name a folder of masks instead."
            );
        RefuseOtherShape(path, whole, image, decoded.Rgb);
        var fitted = fit(whole);
        var mask = new ImageMask(
            ToGray(fitted),
            fitted.WidthPixels,
            fitted.HeightPixels,
            path,
            content is null ? null : IO.Sha256.OfBytes(content)
        );
        if (mask.Values.AsSpan().ContainsAnyExcept((byte)0))
            return mask;
        throw new TextualInversionException(
            $"{path ?? image}: {(path is null ? "the alpha channel" : "the mask")} is entirely black within the crop, "
                + "so nothing would be trained; make white what counts."
        );
    }

    private static void RefuseOtherShape(string? path, RgbImage mask, string image, RgbImage decoded)
    {
        var ratio = (double)mask.WidthPixels * decoded.HeightPixels / ((double)mask.HeightPixels * decoded.WidthPixels);
        if (Math.Abs(ratio - 1) <= LargestDifferenceOfShape)
            return;
        throw new TextualInversionException(
            $"{path}: {mask.WidthPixels:N0} x {mask.HeightPixels:N0} pixels have another shape than {image}, "
                + $"{decoded.WidthPixels:N0} x {decoded.HeightPixels:N0}; make the mask as large as its image."
        );
    }

    private static string Find(string folder, string image)
    {
        if (!Directory.Exists(folder))
            throw TextualInversionException.ForParameter(
                nameof(TrainingImageOptions.Masks),
                $"{folder}: is not a folder; name one with a mask for each image, or {MaskSource.Alpha}."
            );
        var stem = System.IO.Path.GetFileNameWithoutExtension(image);
        var files = FolderListing.Files(folder);
        var masks = Named(files, name => MaskSource.ImageOf(name) == stem);
        if (masks.Count == 0)
            masks = Named(files, name => name == stem);
        if (masks.Count == 0)
            throw new TextualInversionException(
                $"{image}: has no mask in {folder}; put a gray image named {stem}.png there, white where the "
                    + $"image counts."
            );
        if (masks.Count > 1)
            throw new TextualInversionException(
                $"{image}: has several masks, {string.Join(" and ", masks)}; leave one."
            );
        if (System.IO.Path.GetFullPath(masks[0]) == System.IO.Path.GetFullPath(image))
            throw TextualInversionException.ForParameter(
                nameof(TrainingImageOptions.Masks),
                $"{folder}: holds the images themselves; put the masks into a folder of their own."
            );
        return masks[0];
    }

    private static List<string> Named(IReadOnlyList<string> files, Func<string, bool> isWanted) =>
        [
            .. files
                .Where(file => isWanted(System.IO.Path.GetFileNameWithoutExtension(file)))
                .Where(file => ImageFiles.WhyUnreadable(file) is null),
        ];

    /// <summary>The luma of ITU-R BT.601, as Pillow's mode L.</summary>
    private static byte[] ToGray(RgbImage image)
    {
        var gray = new byte[image.WidthPixels * image.HeightPixels];
        for (var i = 0; i < gray.Length; i++)
        {
            var (red, green, blue) = (image.Pixels[i * 3], image.Pixels[i * 3 + 1], image.Pixels[i * 3 + 2]);
            gray[i] = (byte)((red * 299 + green * 587 + blue * 114 + 500) / 1000);
        }

        return gray;
    }
}
