namespace TextualInversion.IO;

/// <summary>Paths without links, so that two names of one folder can be recognized.</summary>
internal static class RealPath
{
    private const int MostLinks = 40; // in a row, as Linux follows; more are a circle

    /// <summary>
    /// The full path with each link replaced by its target. A relative target is seen from the link's real folder, as
    /// the system sees it. Folders that do not exist, or whose links lead in a circle, stay as they are.
    /// </summary>
    public static string Of(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        return Of(full, MostLinks) ?? full;
    }

    /// <returns>Null if there are more links than allowed.</returns>
    private static string? Of(string path, int links)
    {
        if (links == 0)
            return null;
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(full) is not { } above)
            return full;
        if (Of(above, links) is not { } realAbove)
            return null;
        var real = Path.Combine(realAbove, Path.GetFileName(full));
        return TargetOf(real) is { } target ? Of(target, links - 1) : real;
    }

    private static string? TargetOf(string path)
    {
        try
        {
            // One link at a time: .NET takes the links of a chain for links of the folders that they are named in.
            return new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: false)?.FullName;
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            return null;
        }
    }
}
