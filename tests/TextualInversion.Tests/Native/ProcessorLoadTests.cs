using TextualInversion.Native;

namespace TextualInversion.Tests.Native;

public sealed class ProcessorLoadTests
{
    private static readonly string[] Before =
    [
        "cpu  1000 10 200 5000 40 5 5 77 900 0",
        "cpu0 500 5 100 2500 20 2 3 70 450 0",
        "cpu1 500 5 100 2500 20 3 2 7 450 0",
        "intr 12345",
    ];

    [Fact]
    public void Parse_TwoProcessors_CountsThemAndTheirTicks()
    {
        var load = ProcessorLoad.Parse(Before, ownTicks: 12);

        Assert.Equal(new ProcessorLoad(2, BusyTicks: 1220, AllTicks: 6260, OwnTicks: 12), load);
    }

    [Theory]
    [InlineData("")]
    [InlineData("cpu 1 2 3")]
    [InlineData("cpu  1 2 3 x 5 6 7|cpu0 1 2 3 4 5 6 7")]
    [InlineData("cpu  1 2 3|cpu0 1 2 3")]
    [InlineData("cpu0 1 2 3 4 5 6 7|cpu1 1 2 3 4 5 6 7")]
    public void Parse_AnotherFormat_IsNull(string lines) =>
        Assert.Null(ProcessorLoad.Parse(lines.Split('|'), ownTicks: 0));

    [Theory]
    [InlineData(1320, 6360, 12, 2.0)] // all ticks were others'
    [InlineData(1320, 6360, 112, 0.0)] // all were its own
    [InlineData(1320, 6420, 62, 0.625)] // 50 of 160, of two processors
    [InlineData(1220, 6260, 12, 0.0)] // no time has passed
    [InlineData(1225, 6360, 22, 0.0)] // the process's own clock runs ahead
    public void OfOthersSince_Load_IsThatOfOthers(long busy, long all, double own, double expected)
    {
        var before = ProcessorLoad.Parse(Before, ownTicks: 12)!;

        Assert.Equal(expected, new ProcessorLoad(2, busy, all, own).OfOthersSince(before), 9);
    }

    [Fact]
    public void Read_Linux_IsTheMachine()
    {
        var load = ProcessorLoad.Read();

        Assert.Equal(OperatingSystem.IsLinux(), load is not null);
        Assert.True(load is null || (load.Processors >= 1 && load.BusyTicks <= load.AllTicks && load.OwnTicks > 0));
    }
}
