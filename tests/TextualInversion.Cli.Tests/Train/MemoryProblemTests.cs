using TextualInversion.Cli.Train;

namespace TextualInversion.Cli.Tests.Train;

public sealed class MemoryProblemTests
{
    private const string Advice = " The address space is limited to 8.0 GiB (ulimit -v).";

    /// <summary>A limit of the address space stays when the run is resumed.</summary>
    [Theory]
    [InlineData(true, null, "Close other programs, or choose a smaller --resolution.")]
    [InlineData(false, null, "or choose --gradient-checkpointing on, a smaller --resolution.")]
    [InlineData(
        true,
        "runs/a",
        "resume with ti train --resume runs/a, or start a new run with a smaller --resolution."
    )]
    [InlineData(true, "my runs/a", "resume with ti train --resume 'my runs/a', or start")]
    [InlineData(false, "runs/a", "--gradient-checkpointing on, which gives the same result in less memory, or start")]
    public void Message_LimitOfTheAddressSpace_IsNamedInEachCase(bool hasCheckpointing, string? resume, string expected)
    {
        var options = new TrainOptions { Resolution = 512, BatchSize = 1 };

        var limited = MemoryProblem.Message(options, Precision.Bf16, hasCheckpointing, 1, resume, Advice);
        var free = MemoryProblem.Message(options, Precision.Bf16, hasCheckpointing, 1, resume, advice: "");

        Assert.Contains(expected, free, StringComparison.Ordinal);
        Assert.Equal(free + Advice, limited);
    }
}
