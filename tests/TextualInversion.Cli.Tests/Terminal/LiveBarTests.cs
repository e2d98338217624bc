using Spectre.Console;
using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Tests.Terminal;

public sealed class LiveBarTests
{
    [Fact]
    public void Show_OnATerminal_DrawsTheBarAndItsText()
    {
        using var terminal = new StringWriter();
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = AnsiSupport.Yes,
                ColorSystem = ColorSystemSupport.NoColors,
                Interactive = InteractionSupport.Yes,
                Out = new AnsiConsoleOutput(terminal),
            }
        );

        using (var bar = new LiveBar(console, "step"))
        {
            bar.Info("above [it]");
            bar.Show(3, 4, "step 3/4  [1.0 s/step]  0:00:01 left");
        }

        Assert.Contains("above [it]", terminal.ToString(), StringComparison.Ordinal);
        Assert.Contains("75%", terminal.ToString(), StringComparison.Ordinal);
        Assert.Contains("0:00:01 left", terminal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void New_WhatSpectreRefuses_IsAnErrorAndNotAWaitForEver()
    {
        using var terminal = new StringWriter();
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = AnsiSupport.Yes,
                Interactive = InteractionSupport.Yes,
                Out = new AnsiConsoleOutput(terminal),
            }
        );
        Assert.ThrowsAny<Exception>(() => new LiveBar(console, ""));
    }
}
