using System.Globalization;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.IO;

namespace TextualInversion.Cli.Generate;

/// <summary>Where images go: into a folder, numbered on from what is there, or to a file that was named.</summary>
internal sealed class ImagePaths
{
    private static readonly string[] OtherImages = [".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif"]; // hardly meant as folders

    private readonly string target,
        ending;
    private readonly bool overwrite;
    private int next;

    /// <param name="target">a folder or a file</param>
    /// <param name="count">images that are to be written there</param>
    /// <param name="format">png, jpg or webp; null for the file's ending, or png</param>
    /// <param name="overwrite">whether a file that was named may be replaced</param>
    /// <exception cref="TextualInversionException">A file was named for more than one image, exists, or has another ending.</exception>
    public ImagePaths(string target, int count, string? format, bool overwrite)
    {
        this.target = target;
        this.overwrite = overwrite;
        var named = ImageFile.Endings.FirstOrDefault(known =>
            target.EndsWith(known, StringComparison.OrdinalIgnoreCase)
        );
        IsFile = named is not null && !Directory.Exists(target);
        if (!IsFile && !Directory.Exists(target) && OtherImages.Contains(Path.GetExtension(target).ToLowerInvariant()))
            throw new TextualInversionException(
                $"{target}: images are written as {string.Join(", ", ImageFile.Endings)}; choose one of these endings, or a folder."
            );
        ending = format is null
            ? IsFile
                ? named!
                : ".png"
            : "." + format;
        if (
            IsFile
            && ending.Replace("jpeg", "jpg", StringComparison.Ordinal)
                != named!.Replace("jpeg", "jpg", StringComparison.Ordinal)
        )
            throw new TextualInversionException(
                $"{target}: ends in {named} and --format says {format}; leave --format out."
            );
        if (IsFile && count > 1)
            throw new TextualInversionException(
                $"{target}: is one file and {count} images are asked for; name a folder."
            );
        if (IsFile)
            AtomicFile.RefuseToReplace(target, overwrite);
        else if (File.Exists(target))
            throw new TextualInversionException(
                $"{target}: is a file; name a folder, or a file that ends in {string.Join(", ", ImageFile.Endings)}."
            );
        next =
            IsFile || !Directory.Exists(target)
                ? 1
                : 1 + Directory.EnumerateFiles(target).Select(NumberOf).DefaultIfEmpty().Max();
        First = next;
    }

    public bool IsFile { get; }

    /// <summary>The number of the first image.</summary>
    private int First { get; }

    /// <summary>Says no before the work, rather than after the first image.</summary>
    /// <exception cref="TextualInversionException">Nothing can be written there.</exception>
    public void RequireWritable() =>
        AtomicFile.RequireWritable(IsFile ? Path.GetDirectoryName(Path.GetFullPath(target))! : target);

    /// <summary>Writes the next image.</summary>
    /// <returns>its path</returns>
    /// <exception cref="TextualInversionException">It cannot be written.</exception>
    public string Write(RgbImage image, string parameters) => Write(image, parameters, Number(next++));

    /// <summary>Writes the sheet of all images: under the number of the first, or to the file that was named.</summary>
    /// <returns>its path</returns>
    /// <exception cref="TextualInversionException">It cannot be written.</exception>
    public string WriteGrid(RgbImage image, string parameters) => Write(image, parameters, "grid-" + Number(First));

    private string Write(RgbImage image, string parameters, string name)
    {
        var path = IsFile ? target : Path.Combine(target, name + ending);
        ImageFile.Write(path, image.Pixels, image.WidthPixels, image.HeightPixels, parameters, IsFile && overwrite);
        return path;
    }

    private static string Number(int number) => number.ToString("D4", CultureInfo.InvariantCulture);

    private static int NumberOf(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        var digits = name.StartsWith("grid-", StringComparison.Ordinal) ? name["grid-".Length..] : name;
        return
            ImageFile.Endings.Contains(Path.GetExtension(path).ToLowerInvariant())
            && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;
    }
}
