using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Tests.Terminal;

public sealed class ProgressDisplayTests
{
    /// <summary>The first step of a resumed run would be thousands of steps in no time.</summary>
    [Fact]
    public void Show_BeforeASecondHasPassed_HasNoRate()
    {
        using var error = new StringWriter();
        using var display = new ProgressDisplay(error, quiet: false, "step", new StoppedClock());

        display.Show(7776, 8000, "  loss 0.1");

        Assert.Equal("step 7776/8000  loss 0.1", error.ToString().TrimEnd());
    }

    [Fact]
    public void Show_ResumedRun_CountsItsOwnStepsAlone()
    {
        using var error = new StringWriter();
        var clock = new StoppedClock();
        using var display = new ProgressDisplay(error, quiet: false, "step", clock);
        display.StartFrom(1000);
        clock.Seconds = 2;

        display.Show(1010, 1100, "");

        Assert.Equal("step 1010/1100  5.0 steps/s  0:00:18 left", error.ToString().TrimEnd());
    }

    private sealed class StoppedClock : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
