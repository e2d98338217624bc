using System.Diagnostics;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Tests.Infrastructure;

public sealed class ShellCommandTests
{
    [Theory]
    [InlineData("--steps", "--steps")]
    [InlineData("runs/my-cat", "runs/my-cat")]
    [InlineData("0.9,0.999", "0.9,0.999")]
    [InlineData("", "''")]
    [InlineData("<my-cat>", "'<my-cat>'")]
    [InlineData("it's", "'it'\\''s'")]
    [InlineData("~", "'~'")]
    [InlineData("*", "'*'")]
    [InlineData("a\n", "'a\n'")]
    [InlineData("Käse", "'Käse'")]
    public void Quote_Argument_IsQuotedWhereItMustBe(string argument, string expected) =>
        Assert.Equal(expected, ShellCommand.Quote(argument));

    [Fact]
    public void QuoteLines_Options_AreEachOnALine() =>
        Assert.Equal(
            "ti train \\\n  --images a 'b c' \\\n  --token '<x>'",
            ShellCommand.QuoteLines(["ti", "train", "--images", "a", "b c", "--token", "<x>"])
        );

    [Fact]
    public void Lines_CommandTooLong_IsBrokenBeforeOptions()
    {
        const string Command = "ti train --images 'a b' --token x --steps 3";
        Assert.Equal([Command], ShellCommand.Lines(Command, 43));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(["ti train --images 'a b' --token x \\", "  --steps 3"], ShellCommand.Lines(Command, 36));
    }

    [Fact]
    public async Task Quote_EverythingThatMeansSomethingToAShell_ComesBackFromOne()
    {
        string[] arguments =
        [
            "a b",
            "$HOME",
            "`id`",
            "\"",
            "'",
            "\\",
            "!",
            "#x",
            "{}",
            "[a]",
            "a;b",
            "a&b",
            "a|b",
            "(x)",
            "~/x",
            "line\nbreak",
            "",
            "-",
            "<t>",
            "ü",
        ];
        var start = new ProcessStartInfo("/bin/sh", ["-c", "printf '%s\\0' " + ShellCommand.Quote(arguments)])
        {
            RedirectStandardOutput = true,
        };
        using var shell = Process.Start(start)!;
        var output = await shell.StandardOutput.ReadToEndAsync();

        Assert.Equal(arguments, output.Split('\0')[..^1]);
    }
}
