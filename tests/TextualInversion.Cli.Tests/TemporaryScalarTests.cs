using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests;

public sealed class TemporaryScalarTests
{
    [Fact]
    public void CommandLine_Scalars_AreNotCreated() =>
        Assert.Empty(TemporaryScalars.CreatedIn(typeof(CommandLine).Assembly));
}
