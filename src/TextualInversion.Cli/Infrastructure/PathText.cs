using System.CommandLine.Parsing;
using System.Text;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>Paths as they are typed, checked before anything is opened.</summary>
internal static class PathText
{
    /// <summary>The problem of an empty value.</summary>
    public const string IsEmpty = "is empty. A script passes an empty argument for a variable that is not set.";

    private const int LongestName = 255, // bytes between two slashes; NAME_MAX of limits.h
        LongestPath = 4095; // bytes; PATH_MAX without its zero

    /// <summary>Reads the paths of an option or argument; what is wrong with them is added to the result.</summary>
    /// <param name="result">What was typed.</param>
    /// <param name="option">The name of the option, or what the argument is.</param>
    public static string[] Read(ArgumentResult result, string option)
    {
        foreach (var token in result.Tokens)
        {
            if (Problem(token.Value, LongestName) is { } problem)
                result.AddError($"{option}: {problem}");
        }

        return [.. result.Tokens.Select(token => Expand(token.Value))];
    }

    /// <summary>What no file can be called; null if the text is a path.</summary>
    /// <param name="text">The path.</param>
    /// <param name="longestName">The most UTF-8 bytes of a part between slashes.</param>
    public static string? Problem(string text, int longestName)
    {
        if (string.IsNullOrWhiteSpace(text))
            return IsEmpty;
        if (text.Contains('\0'))
            return "holds a character of code 0, which no path may have.";
        var name = text.Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar)
            .MaxBy(Encoding.UTF8.GetByteCount)!;
        if (Encoding.UTF8.GetByteCount(name) is var bytes && bytes > longestName)
            return $"{Shortened(name)} is too long: {bytes} bytes, where {longestName} are allowed. Choose a shorter "
                + $"name.";
        return Encoding.UTF8.GetByteCount(text) is var all && all > LongestPath
            ? $"{Shortened(text)} is too long: the path has {all} bytes, and {LongestPath} are allowed."
            : null;
    }

    /// <summary>
    /// Puts the home folder in the place of a leading <c>~</c>, as a shell does, but not in <c>--output=~/x</c>.
    /// </summary>
    private static string Expand(string path) =>
        (path == "~" || path.StartsWith("~/", StringComparison.Ordinal))
        && Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify)
            is { Length: > 0 } home
            ? home + path[1..]
            : path;

    private static string Shortened(string text) => text.Length <= 40 ? text : $"{text[..37]}…";
}
