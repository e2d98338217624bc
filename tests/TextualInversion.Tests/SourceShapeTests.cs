using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests;

/// <summary>The shape of the source files that no analyzer checks.</summary>
public sealed class SourceShapeTests
{
    private const int LongestLine = 140; // columns; the formatter aims at 120 and cannot break texts and comments

    [Fact]
    public void Source_Lines_FitOnAScreen()
    {
        var wide =
            from file in Files()
            from line in File.ReadLines(file).Select((text, index) => (Text: text, Number: index + 1))
            where line.Text.Length > LongestLine
            select $"{Path.GetRelativePath(Goldens.Repository, file)}:{line.Number}: {line.Text.Length} columns";
        Assert.Empty(wide);
    }

    private static IEnumerable<string> Files() =>
        new[] { "src", "tests" }
            .SelectMany(folder =>
                Directory.EnumerateFiles(Path.Combine(Goldens.Repository, folder), "*.cs", SearchOption.AllDirectories)
            )
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));
}
