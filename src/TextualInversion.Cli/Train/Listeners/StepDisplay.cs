using System.Diagnostics;
using System.Globalization;
using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Train.Listeners;

/// <summary>Shows the progress of a training.</summary>
internal sealed class StepDisplay(ConsoleLog messages) : IRunListener
{
    private const int StepsAveraged = 50; // single-step losses are too noisy

    // Where a validation is quick, its lines say nothing.
    private static readonly TimeSpan LineDelay = TimeSpan.FromSeconds(2);

    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly ProgressDisplay display = new(messages.Error, messages.Quiet, "step");
    private readonly Queue<double> recent = new();
    private double? validated;
    private bool? checkpointed;
    private bool hasStarted;
    private int lastStep;

    public void OnStepCompleted(TrainProgress step)
    {
        lastStep = step.Step;
        validated = step.ValidationLoss ?? validated;
        if (checkpointed == false && step.GradientCheckpointing)
            display.Info("not enough memory; continuing with gradient checkpointing, which gives the same result");
        checkpointed = step.GradientCheckpointing;
        if (step.Loss is not { } loss)
            return;
        if (!hasStarted)
            display.StartFrom(step.Step - 1);
        hasStarted = true;
        if (double.IsFinite(loss)) // it may overflow in fp16, and the step is skipped
            recent.Enqueue(loss);
        if (recent.Count > StepsAveraged)
            recent.Dequeue();
        var validation = validated is { } known
            ? string.Create(CultureInfo.InvariantCulture, $"  validation {known:F4}")
            : "";
        display.Show(
            step.Step,
            step.Steps,
            string.Create(
                CultureInfo.InvariantCulture,
                $"  loss {recent.DefaultIfEmpty(double.NaN).Average():F4}{validation}"
            )
        );
    }

    /// <summary>Shows that a run begins: loading the U-Net and the first step may take long.</summary>
    public void ShowStart(int step, int steps)
    {
        lastStep = step;
        display.Show(step, steps, "");
    }

    /// <summary>Shows that an image is generated, which may take longer than a step.</summary>
    public void ShowImage(int step, int steps, int image, int images) =>
        display.Show(step, steps, $"  generating image {image}/{images}");

    /// <summary>Shows that examples are validated, which takes longer than a step.</summary>
    /// <param name="done">The examples that are measured.</param>
    /// <param name="total">All of the validation.</param>
    /// <param name="steps">The steps of the run.</param>
    /// <param name="cancellationToken">Cancels a validation before the first step.</param>
    /// <exception cref="OperationCanceledException">It was canceled before the first step.</exception>
    public void ShowValidation(int done, int total, int steps, CancellationToken cancellationToken)
    {
        if (!hasStarted)
            cancellationToken.ThrowIfCancellationRequested();
        if (display.ShowsBar || clock.Elapsed > LineDelay)
            display.Show(lastStep, steps, $"  validating example {done}/{total}");
    }

    public void OnSaving() { }

    public void Dispose() => display.Dispose();
}
