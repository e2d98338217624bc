using System.Security.Cryptography;

namespace TextualInversion.Data;

/// <summary>How much each pixel of an image counts: white counts, black does not, gray in between.</summary>
/// <param name="Values">(H, W) bytes, of the image as it is learned</param>
/// <param name="WidthPixels">W</param>
/// <param name="HeightPixels">H</param>
/// <param name="Path">the mask's own file; null where it is the image's alpha channel</param>
/// <param name="Sha256">of that file, in lower-case hexadecimal</param>
internal sealed record ImageMask(byte[] Values, int WidthPixels, int HeightPixels, string? Path, string? Sha256)
{
    private const double LargestDifferenceOfShape = 0.02; // of the ratio of the sides: a mask may be smaller than its image, and sides are whole

    /// <summary>Whether everything counts.</summary>
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

    /// <summary>Reads the mask of one image and brings it to the size of the image as it is learned.</summary>
    /// <param name="source">where it is</param>
    /// <param name="image">the path</param>
    /// <param name="file">its content</param>
    /// <param name="decoded">all of the image</param>
    /// <param name="fit">crops and resizes the mask as the image was</param>
    /// <exception cref="TextualInversionException">There is no mask, or it is damaged, has another shape than the image or leaves nothing of it.</exception>
    internal static ImageMask Read(
        MaskSource source,
        string image,
        byte[] file,
        RgbImage decoded,
        Func<RgbImage, RgbImage> fit
    )
    {
        var path = source.Folder is { } folder ? Find(folder, image) : null;
        var content = path is null ? null : ImageDecoder.ReadBytes(path);
        var whole = path is null ? ImageDecoder.DecodeAlpha(image, file) : ImageDecoder.Decode(path, content!);
        if (whole is null)
            throw new TextualInversionException(
                $"{image}: has no alpha channel; save it with one, or name a folder of masks with --mask."
            );
        var difference = Math.Abs(
            ((double)whole.WidthPixels * decoded.HeightPixels / ((double)whole.HeightPixels * decoded.WidthPixels)) - 1
        );
        if (difference > LargestDifferenceOfShape)
        {
            throw new TextualInversionException(
                $"{path}: {whole.WidthPixels:N0} x {whole.HeightPixels:N0} pixels have another shape than {image}, {decoded.WidthPixels:N0} x {decoded.HeightPixels:N0}; make the mask as large as its image."
            );
        }

        var fitted = fit(whole);
        var mask = new ImageMask(
            ToGray(fitted),
            fitted.WidthPixels,
            fitted.HeightPixels,
            path,
            content is null ? null : Convert.ToHexStringLower(SHA256.HashData(content))
        );
        if (!mask.Values.AsSpan().ContainsAnyExcept((byte)0))
            throw new TextualInversionException(
                $"{path ?? image}: {(path is null ? "its alpha channel" : "the mask")} is black all over what is learned of the image, so nothing of it would count; white is what counts."
            );
        return mask;
    }

    private static string Find(string folder, string image)
    {
        if (!Directory.Exists(folder))
            throw new TextualInversionException(
                $"--mask {folder}: is no folder; name one with a mask for each image, or say --mask alpha."
            );
        var stem = System.IO.Path.GetFileNameWithoutExtension(image);
        var masks = Directory
            .EnumerateFiles(folder)
            .Where(file =>
                System.IO.Path.GetFileNameWithoutExtension(file) == stem
                && ImageFormats.Recognise(ImageDecoder.ReadBytes(file)) is not null
            )
            .Order(StringComparer.Ordinal)
            .ToList();
        if (masks.Count == 0)
            throw new TextualInversionException(
                $"{image}: has no mask in {folder}; put a gray image named {stem}.png there, white where the image counts."
            );
        if (masks.Count > 1)
            throw new TextualInversionException(
                $"{image}: has several masks, {string.Join(" and ", masks)}; leave one."
            );
        if (System.IO.Path.GetFullPath(masks[0]) == System.IO.Path.GetFullPath(image))
            throw new TextualInversionException(
                $"--mask {folder}: is the folder of the images themselves; put the masks into one of their own."
            );
        return masks[0];
    }

    /// <summary>The luma of ITU-R BT.601, as Pillow's mode L.</summary>
    private static byte[] ToGray(RgbImage image)
    {
        var gray = new byte[image.WidthPixels * image.HeightPixels];
        for (var i = 0; i < gray.Length; i++)
            gray[i] = (byte)(
                ((image.Pixels[i * 3] * 299) + (image.Pixels[i * 3 + 1] * 587) + (image.Pixels[i * 3 + 2] * 114) + 500)
                / 1000
            );
        return gray;
    }
}
