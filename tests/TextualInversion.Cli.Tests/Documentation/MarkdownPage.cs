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
            .Concat([
                "README.md",
                "CONTRIBUTING.md",
                "CHANGELOG.md",
                "samples/README.md",
                "samples/demo-model/README.md",
            ])
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

    /// <summary>The targets of links and images in the repository, as they are written.</summary>
    public IReadOnlyList<string> LinkedFiles =>
        [
            .. Link()
                .Matches(Text)
                .Select(link => link.Groups["target"].Value)
                .Where(target => !target.Contains("://", StringComparison.Ordinal)),
        ];

    /// <summary>The names by which GitHub lets links go to the headings.</summary>
    public IReadOnlyList<string> Anchors
    {
        get
        {
            var anchors = new List<string>();
            foreach (Match heading in Heading().Matches(Block().Replace(Text, "")))
            {
                var words = NotInAnchor().Replace(heading.Groups["text"].Value.Trim().ToLowerInvariant(), "");
                var anchor = words.Replace(' ', '-');
                var same = anchors.Count(each => each == anchor);
                anchors.Add(same == 0 ? anchor : $"{anchor}-{same}");
            }

            return anchors;
        }
    }

    public static MarkdownPage Read(string name) => new(name, File.ReadAllText(Path.Combine(Goldens.Repository, name)));

    [GeneratedRegex(@"^```sh\n(?<lines>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ShellBlock();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^#+ (?<text>.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();
}
