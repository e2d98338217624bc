namespace TextualInversion.Native;

/// <summary>Errors of the system's loader of libraries.</summary>
internal static class LoaderError
{
    /// <summary>The error for a library that this system cannot load.</summary>
    /// <param name="path">The library.</param>
    /// <param name="error">What .NET says of it.</param>
    public static TextualInversionException Of(string path, Exception error)
    {
        var reason = ReasonOf(error);
        var named = $"{path}: ";
        if (reason.StartsWith(named, StringComparison.Ordinal))
            reason = reason[named.Length..];
        return new TextualInversionException($"{path}: this system cannot load it ({reason}).", error);
    }

    /// <summary>
    /// What the loader itself says, in one line. On Linux and macOS, .NET writes a line of advice for programmers
    /// before it.
    /// </summary>
    public static string ReasonOf(Exception error)
    {
        var lines = error.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return string.Join(' ', lines.Length > 1 ? lines[1..] : lines);
    }
}
