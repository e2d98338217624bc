using System.Text.RegularExpressions;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>Quotes arguments for a POSIX shell.</summary>
internal static partial class ShellCommand
{
    private const string Continued = " \\"; // at the end of a line

    /// <summary>The command that gives exactly these arguments.</summary>
    public static string Quote(IEnumerable<string> arguments) => string.Join(' ', arguments.Select(Quote));

    /// <summary>The same with each option on a line of its own.</summary>
    public static string QuoteLines(IEnumerable<string> arguments) =>
        string.Concat(
            arguments.Select(
                (argument, index) =>
                    (
                        index == 0 ? ""
                        : argument.StartsWith("--", StringComparison.Ordinal) ? $"{Continued}\n  "
                        : " "
                    ) + Quote(argument)
            )
        );

    /// <summary>
    /// A command in lines of at most a width, each of which begins with an option. POSIX shells take them as one line;
    /// those of Windows do not, so there it stays one.
    /// </summary>
    public static IEnumerable<string> Lines(string command, int width)
    {
        if (command.Length <= width || OperatingSystem.IsWindows())
            return [command];
        List<string> lines = [];
        foreach (var part in command.Split(" --").Select((part, index) => index == 0 ? part : $"--{part}"))
        {
            if (lines.Count > 0 && $"{lines[^1]} {part}{Continued}".Length <= width)
                lines[^1] += $" {part}";
            else
                lines.Add(lines.Count == 0 ? part : $"  {part}");
        }

        return lines.Select((line, index) => index < lines.Count - 1 ? line + Continued : line);
    }

    /// <summary>One argument: in single quotes if it holds a character with a meaning in the shell.</summary>
    public static string Quote(string argument) =>
        Plain().IsMatch(argument) ? argument : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"\A[A-Za-z0-9_@%+=:,./-]+\z")]
    private static partial Regex Plain();
}
