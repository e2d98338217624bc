using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Documentation;

/// <summary>Properties of every page.</summary>
public sealed class MarkdownPageTests
{
    private const string OptionsPage = "docs/options.md";

    public static TheoryData<string> Pages => [.. MarkdownPage.Names];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_ToFilesAndHeadings_AreThere(string name)
    {
        var page = MarkdownPage.Read(name);

        Assert.All(page.LinkedFiles, target => Assert.True(IsThere(page, target), target));
    }

    [Fact]
    public void Anchors_AllKindsOfHeadings_AreThoseOfGitHub()
    {
        var page = new MarkdownPage("x.md", "# A `b` c's D!\n## .NET tool\n```sh\n# no heading\n```\n## .NET tool\n");

        Assert.Equal(["a-b-cs-d", "net-tool", "net-tool-1"], page.Anchors);
    }

    private static bool IsThere(MarkdownPage page, string target)
    {
        var (file, anchor) = target.Split('#') is [var path, var heading] ? (path, heading) : (target, null);
        var linked = file.Length == 0 ? Path.Combine(Goldens.Repository, page.Name) : Path.Combine(page.Folder, file);
        return Path.Exists(linked)
            && (
                anchor is null
                || MarkdownPage.Read(Path.GetRelativePath(Goldens.Repository, linked)).Anchors.Contains(anchor)
            );
    }

    [Fact]
    public void Readme_Length_IsTwoScreens() =>
        Assert.InRange(MarkdownPage.Read("README.md").Text.Split('\n').Length, 40, 100);

    /// <summary>The page of options consists of the help of every command; TI_UPDATE_SNAPSHOTS=1 writes it.</summary>
    [Fact]
    public async Task OptionsPage_IsTheHelpOfEveryCommand()
    {
        var page = "# Options\n\nThe help of every command, as `ti COMMAND --help` prints it.\n";
        foreach (var command in SnapshotTests.CommandPaths)
        {
            var (exitCode, help, _) = await TiRunner.RunAsync([.. command.Split(' ').Skip(1), "--help"]);
            Assert.Equal(0, exitCode);
            page += $"\n## {command}\n\n```text\n{help.TrimEnd()}\n```\n";
        }

        var path = Path.Combine(Goldens.Repository, OptionsPage);
        if (Environment.GetEnvironmentVariable("TI_UPDATE_SNAPSHOTS") == "1")
            await File.WriteAllTextAsync(path, page);
        Assert.Equal(page, await File.ReadAllTextAsync(path));
    }
}
