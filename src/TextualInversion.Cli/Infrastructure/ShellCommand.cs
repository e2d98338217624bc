using System.Text.RegularExpressions;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>Quotes arguments for a POSIX shell.</summary>
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

    /// <summary>One argument: in single quotes if it holds a character with a meaning in the shell.</summary>
    public static string Quote(string argument) =>
        Plain().IsMatch(argument) ? argument : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"\A[A-Za-z0-9_@%+=:,./-]+\z")]
    private static partial Regex Plain();
}
