using System.Globalization;
using System.Text.RegularExpressions;
using TextualInversion.IO;

namespace TextualInversion.Data;

/// <summary>
/// Repeats in folder names, as in kohya's scripts and OneTrainer: an image in <c>10_cat</c> is drawn ten times as often
/// as one in a folder without a number. A number of four or more digits (<c>2024_summer</c>) or with a leading zero
/// (<c>001_trip</c>) is part of the name.
/// </summary>
internal sealed partial class FolderRepeats
{
    private readonly Dictionary<string, int> repeats = []; // by full path

    /// <summary>
    /// The folders to read for a path: its numbered sub-folders if the path is a folder without images of its own, as
    /// in kohya's scripts, otherwise the path itself.
    /// </summary>
    public static IReadOnlyList<string> Expand(string path)
    {
        if (!Directory.Exists(path))
            return [path];
        try
        {
            List<string> numbered =
            [
                .. Directory
                    .EnumerateDirectories(path, "*", ImageFiles.Visible)
                    .Where(folder => Of(folder) is not null)
                    .Order(StringComparer.Ordinal),
            ];
            return
                numbered.Count == 0
                || Directory
                    .EnumerateFiles(path, "*", ImageFiles.Visible)
                    .Any(file => ImageFiles.WhyUnreadable(file) is null)
                ? [path]
                : numbered;
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            return [path]; // the error comes when the folder is read
        }
    }

    /// <summary>The number in a folder's name, or null if it has none.</summary>
    public static int? Of(string folder) =>
        Numbered().Match(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))))
            is { Success: true } match
            ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            : null;

    /// <param name="folder">A folder that was read.</param>
    /// <param name="images">The full paths of its images. An image that was added before keeps its number.</param>
    public void Add(string folder, IEnumerable<string> images)
    {
        foreach (var image in images)
            repeats.TryAdd(image, Of(folder) ?? 1);
    }

    /// <summary>
    /// The repeats by path as the user gave it. Only proportions matter, so the numbers are divided by their greatest
    /// common divisor.
    /// </summary>
    /// <param name="images">From full paths to paths as the user gave them.</param>
    public Dictionary<string, int> ByPath(IReadOnlyDictionary<string, string> images)
    {
        var each = images.Select(pair => (pair.Value, Count: repeats.GetValueOrDefault(pair.Key, 1))).ToList();
        var common = each.Select(pair => pair.Count).Aggregate(0, Divisor);
        return each.ToDictionary(pair => pair.Value, pair => pair.Count / common);
    }

    private static int Divisor(int a, int b) => b == 0 ? a : Divisor(b, a % b);

    [GeneratedRegex("^([1-9][0-9]{0,2})_.")]
    private static partial Regex Numbered();
}
