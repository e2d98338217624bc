using System.CommandLine.Parsing;
using TextualInversion.IO;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>
/// Replaces <c>@file</c> by the arguments in the file, those on each line. Lines that begin with # are skipped.
/// </summary>
internal static class ResponseFiles
{
    private const int MostFiles = 100,
        MostCharacters = 1 << 20; // in all files

    /// <exception cref="UsageException">A file cannot be read, includes itself, or there are too many.</exception>
    public static string[] Expand(IReadOnlyList<string> arguments)
    {
        var budget = new Budget();
        return [.. Expand(arguments, [], budget)];
    }

    private static List<string> Expand(IReadOnlyList<string> arguments, string[] open, Budget budget)
    {
        List<string> expanded = [];
        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] is ['@', _, ..])
                expanded.AddRange(ReadFile(arguments[i][1..], i > 0 ? arguments[i - 1] : "", open, budget));
            else
                expanded.Add(arguments[i]);
        }

        return expanded;
    }

    private static List<string> ReadFile(string path, string before, string[] open, Budget budget)
    {
        var full = Path.GetFullPath(path);
        if (open.Contains(full))
            throw new UsageException($"@{path}: the file includes itself; delete that line from it.");
        if (++budget.Files > MostFiles)
            throw new UsageException($"@{path}: more than {MostFiles} files of options include each other.");
        var lines = ReadText(path, before, budget).Split('\n').Select(line => line.Trim());
        var arguments = lines
            .Where(line => !line.StartsWith('#'))
            .SelectMany(CommandLineParser.SplitCommandLine)
            .ToList();
        return Expand(arguments, [.. open, full], budget);
    }

    private static string ReadText(string path, string before, Budget budget)
    {
        try
        {
            using var reader = new StreamReader(path);
            var buffer = new char[MostCharacters - budget.Characters + 1];
            var count = reader.ReadBlock(buffer, 0, buffer.Length);
            budget.Characters += count;
            return budget.Characters <= MostCharacters
                ? new string(buffer, 0, count)
                : throw new UsageException($"@{path}: is too long for a file of options.");
        }
        catch (Exception error) when (IoErrors.IsFileError(error) && !IoErrors.IsMissing(error) && File.Exists(path))
        {
            throw new UsageException($"@{IoErrors.Unreadable(path, error).Message}", error);
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            var hint = before.StartsWith("--", StringComparison.Ordinal)
                ? $" If it is the value of {before}, write {ShellCommand.Quote($"{before}=@{path}")}."
                : "";
            throw new UsageException($"@{path}: there is no file {path} to read options from.{hint}", error);
        }
    }

    private sealed class Budget
    {
        public int Files { get; set; }

        public int Characters { get; set; }
    }
}
