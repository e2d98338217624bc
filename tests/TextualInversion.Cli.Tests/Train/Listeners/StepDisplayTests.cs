using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train.Listeners;

namespace TextualInversion.Cli.Tests.Train.Listeners;

public sealed class StepDisplayTests
{
    private static readonly CancellationToken Canceled = new(canceled: true);

    [Fact]
    public void ShowValidation_Canceled_EndsARunThatHasNoStep()
    {
        using var said = new StringWriter();
        using var display = new StepDisplay(new ConsoleLog(said, quiet: false));
        display.OnStepCompleted(Progress(step: 0));

        Assert.Throws<OperationCanceledException>(() => display.ShowValidation(0, 8, 10, Canceled));
    }

    [Fact]
    public void ShowValidation_CanceledAfterAStep_LetsTheValidationEnd()
    {
        using var said = new StringWriter();
        using var display = new StepDisplay(new ConsoleLog(said, quiet: false));
        display.OnStepCompleted(Progress(step: 1) with { Loss = 0.1 });

        display.ShowValidation(0, 8, 10, Canceled);

        Assert.DoesNotContain("validating", said.ToString(), StringComparison.Ordinal); // it is quick so far
    }

    [Fact]
    public void ShowStart_BeforeTheFirstStep_ShowsWhereTheRunIs()
    {
        using var said = new StringWriter();
        using var display = new StepDisplay(new ConsoleLog(said, quiet: false));

        display.ShowStart(step: 4, steps: 10);

        Assert.Equal($"step 4/10{Environment.NewLine}", said.ToString());
    }

    private static TrainProgress Progress(int step) =>
        new()
        {
            Step = step,
            Steps = 10,
            Norms = [],
            Drift = [],
            Rows = [],
        };
}
