using System.Diagnostics;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Manual;

/// <summary>The manual pages that scripts/make-man writes.</summary>
public sealed class ManPageTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Write_Folder_HasAPageForEveryCommand()
    {
        await WriteAsync();

        Assert.Equal(
            SnapshotTests.CommandPaths.Select(path => $"{path.Replace(' ', '-')}.1").Order(StringComparer.Ordinal),
            Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Write_Train_HasItsOptionsAndExamples()
    {
        await WriteAsync();

        var page = await File.ReadAllTextAsync(folder.File("ti-train.1"));
        Assert.StartsWith(".TH TI\\-TRAIN 1 ", page, StringComparison.Ordinal);
        Assert.Contains("\n.SS Most used\n", page);
        Assert.Contains("\n.TP\n\\fB\\-\\-images\\fR \\fIPATH...\\fR\n", page);
        Assert.Contains("\nti train \\-\\-model demo ", page);
    }

    [Fact]
    public async Task Write_Again_GivesTheSameBytes()
    {
        await WriteAsync();
        var first = Pages();

        await WriteAsync();

        Assert.Equal(first, Pages());

        string[] Pages() => [.. Directory.GetFiles(folder.Path).Order().Select(File.ReadAllText)];
    }

    [FactWithPrograms("man")]
    public async Task Man_EveryPage_GivesNoWarningAndTheOptions()
    {
        await WriteAsync();

        foreach (var page in Directory.GetFiles(folder.Path))
        {
            var (output, warnings) = await RenderAsync(page);
            Assert.Equal("", warnings);
            Assert.Contains("SEE ALSO", output);
        }

        var (train, _) = await RenderAsync(folder.File("ti-train.1"));
        Assert.Contains("--learning-rate X", train, StringComparison.Ordinal);
        Assert.Contains("ti-train - train an embedding on a few images", train, StringComparison.Ordinal);
    }

    private async Task WriteAsync()
    {
        var result = await TiRunner.RunAsync("[man]", folder.Path);
        Assert.Equal((ExitCode.Done, "", ""), result);
    }

    /// <summary>The text of a page as <c>man</c> shows it, and the warnings of <c>groff</c>.</summary>
    private async Task<(string Output, string Warnings)> RenderAsync(string page)
    {
        var start = new ProcessStartInfo("man", ["--warnings", "-l", page])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (
            var (name, value) in new[]
            {
                ("MANWIDTH", "100"),
                ("LC_ALL", "C"),
                ("MANPAGER", "cat"),
                ("HOME", folder.Path),
            }
        )
            start.Environment[name] = value;
        start.Environment["MANROFFOPT"] = "-c"; // no escape sequences for bold and italic
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (System.Text.RegularExpressions.Regex.Replace(output, ".\b", ""), await error);
    }
}
