using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Documentation;

/// <summary>Properties of every page.</summary>
public sealed class MarkdownPageTests
{
    private const string OptionsPage = "docs/options.md";

    public static TheoryData<string> Pages => [.. MarkdownPage.Names];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_ToFiles_AreThere(string name)
    {
        var page = MarkdownPage.Read(name);

        Assert.All(page.LinkedFiles, target => Assert.True(Path.Exists(Path.Combine(page.Folder, target)), target));
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
