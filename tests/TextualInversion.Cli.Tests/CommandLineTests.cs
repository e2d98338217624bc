using TextualInversion.Cli.Infrastructure;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests;

/// <summary>What people type before they know the program, and files of options.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Run_Nothing_SaysWhatToTypeNext()
    {
        var (exitCode, output, error) = await TiRunner.RunAsync();

        Assert.Equal((ExitCode.Done, ""), (exitCode, error));
        Assert.InRange(output.Split('\n').Length, 5, 10);
        Assert.Contains("ti demo", output, StringComparison.Ordinal);
        Assert.Contains("ti --help", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", "help")]
    [InlineData("train --help", "help train")]
    [InlineData("models get --help", "help models get")]
    [InlineData("--version", "version")]
    [InlineData("--version", "-V")]
    public async Task Run_FamiliarForm_IsUnderstood(string ours, string familiar)
    {
        var result = await TiRunner.RunAsync(familiar.Split(' '));

        Assert.Equal(ExitCode.Done, result.ExitCode);
        Assert.NotEmpty(result.Output);
        Assert.Equal(await TiRunner.RunAsync(ours.Split(' ')), result);
    }

    [Fact]
    public async Task Help_EveryCommand_FitsIntoEightyColumns()
    {
        foreach (
            var command in new[]
            {
                "",
                "train",
                "generate",
                "check",
                "eval",
                "report",
                "inspect",
                "convert",
                "merge",
                "models",
                "demo",
                "doctor",
            }
        )
        {
            var (_, output, _) = await TiRunner.RunAsync([
                .. command.Split(' ', StringSplitOptions.RemoveEmptyEntries),
                "--help",
            ]);
            Assert.All(output.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        }
    }

    [Fact]
    public async Task ResponseFile_Options_AreReadOneALine()
    {
        var file = folder.Write("options.rsp", "# a comment\n--steps many\n\n--token \"a b\"\n");
        var (exitCode, _, error) = await TiRunner.RunAsync("train", $"@{file}");

        Assert.Equal(ExitCode.WrongUsage, exitCode);
        Assert.Contains("--steps many: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResponseFile_ThatIncludesItself_IsAnError()
    {
        var (first, second) = (folder.File("first.rsp"), folder.File("second.rsp"));
        folder.Write("first.rsp", $"@{second}\n");
        folder.Write("second.rsp", $"@{first}\n");
        var (exitCode, _, error) = await TiRunner.RunAsync("generate", $"@{first}");

        Assert.Equal(ExitCode.WrongUsage, exitCode);
        Assert.Contains("includes itself", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResponseFiles_ThatMultiply_AreAnError()
    {
        for (var i = 0; i < 12; i++)
            folder.Write($"{i}.rsp", string.Concat(Enumerable.Repeat($"@{folder.File($"{i + 1}.rsp")}\n", 10)));
        folder.Write("12.rsp", "");
        var (exitCode, _, error) = await TiRunner.RunAsync("generate", $"@{folder.File("0.rsp")}");

        Assert.Equal(ExitCode.WrongUsage, exitCode);
        Assert.Contains("more than", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prompt_ThatBeginsWithAt_SaysHowToWriteIt()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync("generate", "--prompt", "@home with a cat");

        Assert.Equal(ExitCode.WrongUsage, exitCode);
        Assert.Contains("write '--prompt=@home with a cat'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prompt_AtBehindTheEqualsSign_IsText()
    {
        var (_, _, error) = await TiRunner.RunAsync("generate", "--prompt=@home", "--steps", "many");

        Assert.Contains("--steps many: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("@home", error, StringComparison.Ordinal);
    }
}
