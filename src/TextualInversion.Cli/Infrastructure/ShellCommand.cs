using System.Text.RegularExpressions;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>Arguments as a POSIX shell takes them.</summary>
internal static partial class ShellCommand
{
    /// <summary>The command that gives exactly these arguments.</summary>
    public static string Quote(IEnumerable<string> arguments) => string.Join(' ', arguments.Select(Quote));

    /// <summary>The same with each option on a line of its own.</summary>
    public static string QuoteLines(IEnumerable<string> arguments) =>
        string.Concat(
            arguments.Select(
                (argument, index) =>
                    (
                        index == 0 ? ""
                        : argument.StartsWith("--", StringComparison.Ordinal) ? " \\\n  "
                        : " "
                    ) + Quote(argument)
            )
        );

    /// <summary>One of them: as it stands where nothing in it means something to the shell, else in single quotes, in which only they themselves do.</summary>
    public static string Quote(string argument) =>
        Plain().IsMatch(argument) ? argument : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"\A[A-Za-z0-9_@%+=:,./-]+\z")]
    private static partial Regex Plain();
}
