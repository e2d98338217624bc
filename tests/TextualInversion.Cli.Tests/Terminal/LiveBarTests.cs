using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Tests.Terminal;

public sealed class LiveBarTests : IDisposable
{
    private readonly StringWriter terminal = new();

    public void Dispose() => terminal.Dispose();

    [Theory]
    [InlineData(60, "######################........  75%  step 3/4  0:00:01 left")]
    [InlineData(200, "##############################..........  75%  step 3/4  0:00:01 left")]
    [InlineData(41, "########...  75%  step 3/4  0:00:01 left")]
    [InlineData(30, "step 3/4  0:00:01 left")]
    [InlineData(10, "step 3/4 ")]
    [InlineData(2, "s")]
    public void Show_Width_IsFilledAndNotExceeded(int width, string expected)
    {
        using (var bar = new LiveBar(terminal, () => width))
            bar.Show(3, 4, "step 3/4  0:00:01 left");

        Assert.Equal('\r' + expected, terminal.ToString().TrimEnd('\n', '\r'));
        Assert.InRange(expected.Length, 0, width - 1);
    }

    [Fact]
    public void Show_ShorterText_LeavesNothingOfTheLongerOne()
    {
        using var bar = new LiveBar(terminal, () => 10);
        bar.Show(1, 1, "long text");
        bar.Show(1, 1, "short");

        Assert.EndsWith("\rshort    ", terminal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Show_AMomentLater_DrawsOnlyTheEnd()
    {
        using var bar = new LiveBar(terminal, () => 10, new StoppedClock());
        bar.Show(1, 3, "1/3");
        bar.Show(2, 3, "2/3");
        bar.Show(3, 3, "3/3");

        Assert.Equal("\r1/3\r3/3", terminal.ToString());
    }

    [Fact]
    public void Info_Text_StandsAboveTheBar()
    {
        using (var bar = new LiveBar(terminal, () => 20))
        {
            bar.Show(1, 2, "step 1/2");
            bar.Info("a warning");
        }

        var written = terminal.ToString().Replace(Environment.NewLine, "\n", StringComparison.Ordinal);
        Assert.Equal("\rstep 1/2\r        \ra warning\n\rstep 1/2\n", written);
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}
