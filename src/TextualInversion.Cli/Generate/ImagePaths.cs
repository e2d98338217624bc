using System.Globalization;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.IO;

namespace TextualInversion.Cli.Generate;

/// <summary>The files of images: in a folder, numbered after the files that exist, or one file.</summary>
internal sealed class ImagePaths
{
    // Not meant as folders
    private static readonly string[] OtherImages = [".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif"];

    private const string GridPrefix = "grid-";

    private readonly string target,
        extension;
    private readonly bool overwrite;
    private int last; // the number written last
    private int? first;

    /// <param name="target">A folder or a file.</param>
    /// <param name="count">The number of images to write.</param>
    /// <param name="format">png, jpg or webp; null for the file's extension, or png.</param>
    /// <param name="overwrite">Whether a file that is named may be replaced.</param>
    /// <exception cref="TextualInversionException">
    /// A file is named for more than one image, exists, or has another extension.
    /// </exception>
    public ImagePaths(string target, int count, string? format, bool overwrite)
    {
        this.target = target;
        this.overwrite = overwrite;
        var named = ImageFile.Extensions.FirstOrDefault(known =>
            target.EndsWith(known, StringComparison.OrdinalIgnoreCase)
        );
        IsFile = named is not null && !Directory.Exists(target);
        if (!IsFile && !Directory.Exists(target) && OtherImages.Contains(Path.GetExtension(target).ToLowerInvariant()))
            throw new UsageException(
                $"--output {target}: images are written as {string.Join(", ", ImageFile.Extensions)}; choose one of "
                    + "these extensions, or a folder."
            );
        extension = format is null
            ? IsFile
                ? named!
                : ".png"
            : "." + format;
        if (
            IsFile
            && extension.Replace("jpeg", "jpg", StringComparison.Ordinal)
                != named!.Replace("jpeg", "jpg", StringComparison.Ordinal)
        )
            throw new UsageException(
                $"--output {target}: ends in {named} and --format says {format}; leave --format out."
            );
        if (IsFile && count > 1)
            throw new UsageException(
                $"--output {target}: is one file and {count} images are asked for; name a folder."
            );
        if (IsFile)
            OutputFile.RefuseToReplace(target, overwrite, "--output");
        else if (File.Exists(target))
            throw new TextualInversionException(
                $"{target}: is a file; name a folder, or a file that ends in {string.Join(", ", ImageFile.Extensions)}."
            );
    }

    public bool IsFile { get; }

    /// <summary>Says no before the work, rather than after the first image.</summary>
    /// <exception cref="TextualInversionException">Nothing can be written there.</exception>
    public void RequireWritable() =>
        AtomicFile.RequireWritable(IsFile ? Path.GetDirectoryName(Path.GetFullPath(target))! : target);

    /// <summary>
    /// Writes the next image, under the next number that no file has, even if other processes write there too.
    /// </summary>
    /// <returns>The path of the file.</returns>
    /// <exception cref="TextualInversionException">It cannot be written.</exception>
    public string Write(RgbImage image, string parameters)
    {
        if (IsFile)
            return WriteNamed(image, parameters);
        last = Math.Max(last, LastNumber());
        var (path, number) = Claim("", last + 1);
        last = number;
        first ??= number;
        return WriteClaimed(image, parameters, path);
    }

    /// <summary>Writes the grid of all images: under the number of the first, or to the file that was named.</summary>
    /// <returns>The path of the file.</returns>
    /// <exception cref="TextualInversionException">It cannot be written.</exception>
    public string WriteGrid(RgbImage image, string parameters)
    {
        if (IsFile)
            return WriteNamed(image, parameters);
        return WriteClaimed(image, parameters, Claim(GridPrefix, first ?? LastNumber() + 1).Path);
    }

    private string WriteNamed(RgbImage image, string parameters)
    {
        OutputFile.Write(target, overwrite, "--output", () => Write(image, parameters, target, overwrite));
        return target;
    }

    private static string Write(RgbImage image, string parameters, string path, bool overwrite)
    {
        ImageFile.Write(path, image.Pixels, image.WidthPixels, image.HeightPixels, parameters, overwrite);
        return path;
    }

    /// <summary>Replaces the empty file of a claimed name.</summary>
    private static string WriteClaimed(RgbImage image, string parameters, string path)
    {
        try
        {
            return Write(image, parameters, path, overwrite: true);
        }
        catch (TextualInversionException)
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Makes an empty file of the first free number, which no other process can then take.</summary>
    private (string Path, int Number) Claim(string prefix, int from)
    {
        for (var number = from; ; number++)
        {
            var name = prefix + number.ToString("D4", CultureInfo.InvariantCulture) + extension;
            var path = Path.Combine(target, name);
            try
            {
                Directory.CreateDirectory(target);
                new FileStream(path, FileMode.CreateNew).Dispose();
                return (path, number);
            }
            catch (IOException) when (File.Exists(path)) { }
            catch (Exception error) when (IoErrors.IsFileError(error))
            {
                throw IoErrors.Wrap(path, "written", error, hint: "choose another place");
            }
        }
    }

    private int LastNumber() =>
        Directory.Exists(target) ? FolderListing.Files(target).Select(NumberOf).DefaultIfEmpty().Max() : 0;

    private static int NumberOf(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        var digits = name.StartsWith(GridPrefix, StringComparison.Ordinal) ? name[GridPrefix.Length..] : name;
        return
            ImageFile.Extensions.Contains(Path.GetExtension(path).ToLowerInvariant())
            && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number < int.MaxValue
            ? number
            : 0;
    }
}
