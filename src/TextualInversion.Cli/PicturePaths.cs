using System.Globalization;
using TextualInversion.Checkpoints;
using TextualInversion.Data;
using TextualInversion.Generation;

namespace TextualInversion.Cli;

/// <summary>Where pictures go: into a folder, numbered on from what is there, or to a file that was named.</summary>
internal sealed class PicturePaths
{
    private readonly string target;
    private readonly bool isFile, overwrite;
    private int next;

    /// <exception cref="TextualInversionException">A file was named for more than one picture, or exists.</exception>
    public PicturePaths(string target, int count, bool overwrite)
    {
        this.target = target;
        this.overwrite = overwrite;
        isFile = target.EndsWith(".png", StringComparison.OrdinalIgnoreCase) && !Directory.Exists(target);
        if (isFile && count > 1) throw new TextualInversionException($"{target}: is one file and {count} pictures are asked for; name a folder.");
        if (isFile) AtomicFile.RefuseToReplace(target, overwrite);
        else if (File.Exists(target)) throw new TextualInversionException($"{target}: is a file; name a folder, or a file that ends in .png.");
        next = isFile || !Directory.Exists(target) ? 1 : 1 + Directory.EnumerateFiles(target, "*.png").Select(NumberOf).DefaultIfEmpty().Max();
    }

    /// <summary>Writes the next picture.</summary>
    /// <returns>its path</returns>
    /// <exception cref="TextualInversionException">It cannot be written.</exception>
    public string Write(RgbPicture picture, string parameters)
    {
        var path = isFile ? target : Path.Combine(target, string.Create(CultureInfo.InvariantCulture, $"{next++:D4}.png"));
        PictureFile.Write(path, picture.Pixels, picture.WidthPixels, picture.HeightPixels, parameters, isFile && overwrite);
        return path;
    }

    private static int NumberOf(string path) =>
        int.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
