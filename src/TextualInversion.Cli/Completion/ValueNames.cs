using System.Text.RegularExpressions;

namespace TextualInversion.Cli.Completion;

/// <summary>What the value of an option or argument can be, as its help says it: <c>FOLDER|FILE|ID|demo</c>.</summary>
internal sealed partial record ValueNames(PathKind Paths, bool IncludesModels, IReadOnlyList<string> Words)
{
    public static ValueNames Parse(string helpName)
    {
        var parts = helpName.Split('|');
        return new ValueNames(
            parts.Any(part => Files().IsMatch(part)) ? PathKind.Files
                : parts.Any(part => Folders().IsMatch(part)) ? PathKind.Folders
                : PathKind.None,
            parts.Contains("ID"),
            [.. parts.Where(part => Word().IsMatch(part))]
        );
    }

    [GeneratedRegex("^(FILE|PATH|IMAGE)")]
    private static partial Regex Files();

    [GeneratedRegex("^(DIR|FOLDER|RUN)")]
    private static partial Regex Folders();

    [GeneratedRegex(@"^[a-z0-9][a-z0-9_.+-]*\z")]
    private static partial Regex Word();
}
