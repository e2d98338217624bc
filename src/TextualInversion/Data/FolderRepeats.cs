using System.Globalization;
using System.Text.RegularExpressions;
using TextualInversion.IO;

namespace TextualInversion.Data;

/// <summary>
/// Folders named as for kohya's scripts and OneTrainer, <c>10_cat</c>: each image in it is drawn ten times as often as
/// one of a
/// folder without a number. A number of four or more digits (<c>2024_summer</c>) or with a leading zero
/// (<c>001_trip</c>) is part
/// of the name.
/// </summary>
internal sealed partial class FolderRepeats
{
    private readonly Dictionary<string, int> repeats = []; // by full path

    /// <summary>
    /// The folders to read for a path: the numbered sub-folders of a folder that has no image itself, as kohya's
    /// scripts want it,
    /// or else the path.
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
            return [path]; // reading it will give the error
        }
    }

    /// <summary>The number in a folder's name, or null if it has none.</summary>
    public static int? Of(string folder) =>
        Numbered().Match(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))))
            is { Success: true } match
            ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            : null;

    /// <param name="folder">A folder that was read.</param>
    /// <param name="images">The full paths of its images. One that is known already keeps its number.</param>
    public void Add(string folder, IEnumerable<string> images)
    {
        foreach (var image in images)
            repeats.TryAdd(image, Of(folder) ?? 1);
    }

    /// <summary>By the path as it was named. Only proportions matter, so the numbers have no common divisor.</summary>
    /// <param name="images">From the full path to the path as it was named.</param>
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
