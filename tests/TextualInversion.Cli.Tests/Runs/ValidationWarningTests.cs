using TextualInversion.Cli.Runs;
using TextualInversion.Training;

namespace TextualInversion.Cli.Tests.Runs;

public sealed class ValidationWarningTests
{
    [Fact]
    public void Of_LossWellBelowAnEmptyPrompt_IsSilent() => Assert.Null(Warning(best: 0.09));

    [Fact]
    public void Of_LossHardlyBelow_NamesTheShare() => Assert.Contains("only 0.5 % below", Warning(best: 0.0995));

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.2)]
    public void Of_LossNotBelow_IsNamed(double best) => Assert.Contains("is not below", Warning(best));

    private static string? Warning(double best) =>
        ValidationWarning.Of(new ValidationSummary(0.1, 0.12, best, best) { RelativeLoss = best / 0.1 });
}
