using System.Text.RegularExpressions;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Documentation;

/// <summary>A page of the documentation: the README or a file of docs/.</summary>
internal sealed partial record MarkdownPage(string Name, string Text)
{
    public static IEnumerable<string> Names =>
        Directory
            .GetFiles(Path.Combine(Goldens.Repository, "docs"), "*.md")
            .Select(path => $"docs/{Path.GetFileName(path)}")
            .Concat(["README.md", "CONTRIBUTING.md"])
            .Order(StringComparer.Ordinal);

    public string Folder => Path.GetDirectoryName(Path.Combine(Goldens.Repository, Name))!;

    /// <summary>The lines of its shell blocks as they stand, which readers paste.</summary>
    public IReadOnlyList<string> Commands =>
        [
            .. ShellBlock()
                .Matches(Text)
                .SelectMany(block => block.Groups["lines"].Value.Split('\n'))
                .Where(line => line.Length > 0),
        ];

    /// <summary>The targets of links and images that are files.</summary>
    public IReadOnlyList<string> LinkedFiles =>
        [
            .. Link()
                .Matches(Text)
                .Select(link => link.Groups["target"].Value.Split('#')[0])
                .Where(target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal)),
        ];

    public static MarkdownPage Read(string name) => new(name, File.ReadAllText(Path.Combine(Goldens.Repository, name)));

    [GeneratedRegex(@"^```sh\n(?<lines>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ShellBlock();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();
}
