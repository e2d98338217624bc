using System.Globalization;
using System.Text.RegularExpressions;

namespace TextualInversion.Data;

/// <summary>
/// Folders named as for kohya's scripts and OneTrainer, <c>10_cat</c>: each image in it counts ten times, compared with those of other folders.
/// A number of four or more digits (<c>2024_summer</c>) or with a leading zero (<c>001_trip</c>) is part of a name and says nothing.
/// </summary>
internal sealed partial class FolderRepeats
{
    private readonly Dictionary<string, int> repeats = []; // by full path

    /// <summary>What to read for a path: the folder's own sub-folders where it has no image itself and they are named so, as kohya's scripts want it; else the path.</summary>
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
                    .Any(file => ImageFiles.WhyNoImage(file) is null)
                ? [path]
                : numbered;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [path]; // whoever reads it says why it cannot be read
        }
    }

    /// <summary>The number in a folder's name; null where there is none.</summary>
    public static int? Of(string folder) =>
        Numbered().Match(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))))
            is { Success: true } match
            ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            : null;

    /// <param name="folder">that was read</param>
    /// <param name="images">in it, by full path; one that was there already keeps its number</param>
    public void Add(string folder, IEnumerable<string> images)
    {
        foreach (var image in images)
            repeats.TryAdd(image, Of(folder) ?? 1);
    }

    /// <summary>By path as it was named. Only proportions matter, so images that all count alike count once.</summary>
    /// <param name="images">from full path to path as named</param>
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
