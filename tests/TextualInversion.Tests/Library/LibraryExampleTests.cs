using System.Text.RegularExpressions;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Library;

/// <summary>
/// The examples in the documentation compile here: each is compared with its file, and the first one runs.
/// </summary>
public sealed partial class LibraryExampleTests
{
    private static readonly string[] Examples =
    [
        nameof(LibraryExamples.TrainExample),
        nameof(LibraryExamples.ProgressExample),
        nameof(LibraryExamples.MemoryExample),
        nameof(LibraryExamples.EvaluateExample),
        nameof(LibraryExamples.DistillExample),
    ];

    private static string Folder =>
        Path.Combine(Goldens.Repository, "tests", "TextualInversion.Tests", "Library", "Examples");

    [Fact]
    public void Documentation_Examples_AreTheCompiledOnes()
    {
        var page = File.ReadAllText(Path.Combine(Goldens.Repository, "docs", "library.md"));
        var shown = CodeBlock().Matches(page).Select(match => match.Groups["code"].Value.TrimEnd());

        Assert.Equal(Examples.Select(Snippet), shown);
    }

    /// <summary>The example's code in a file of the program.</summary>
    internal static string Snippet(string example)
    {
        var code = Compiled().Match(File.ReadAllText(Path.Combine(Folder, $"{example}.cs"))).Groups["code"].Value;
        var lines = code.TrimEnd().Split('\n').Select(line => line.Length == 0 ? line : line[Indent.Length..]);
        return $"using TextualInversion;\n\n{string.Join('\n', lines)}";
    }

    private const string Indent = "        ";

    [GeneratedRegex("```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("// csharpier-ignore-start\n(?<code>.*?) *// csharpier-ignore-end", RegexOptions.Singleline)]
    private static partial Regex Compiled();
}
