namespace TextualInversion.Cli.Infrastructure;

/// <summary>The folder for files that <c>ti</c> can make again.</summary>
internal static class UserCache
{
    /// <summary>
    /// $XDG_CACHE_HOME/ti, or ~/.cache/ti; null if the user has no home. See
    /// https://specifications.freedesktop.org/basedir-spec/latest, which says to ignore relative paths. It need not
    /// exist.
    /// </summary>
    /// <param name="variable">Gives the value of an environment variable.</param>
    public static string? Find(Func<string, string?> variable)
    {
        if (variable("XDG_CACHE_HOME") is { } cache && Path.IsPathFullyQualified(cache))
            return Path.Combine(cache, "ti");
        var home =
            variable("HOME")
            ?? Environment.GetFolderPath(
                Environment.SpecialFolder.UserProfile,
                Environment.SpecialFolderOption.DoNotVerify
            );
        return Path.IsPathFullyQualified(home) ? Path.Combine(home, ".cache", "ti") : null;
    }
}
