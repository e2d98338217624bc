namespace TextualInversion.IO;

/// <summary>Paths without links, so that two names of one folder can be recognized.</summary>
internal static class RealPath
{
    /// <summary>
    /// The full path with each link replaced by its target. Folders that do not exist, or whose links lead in a circle,
    /// stay as they are.
    /// </summary>
    public static string Of(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(full) is not { } above)
            return full;
        var real = Path.Combine(Of(above), Path.GetFileName(full));
        return TargetOf(real) is { } target ? Of(target) : real;
    }

    private static string? TargetOf(string path)
    {
        try
        {
            return new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName;
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            return null;
        }
    }
}
