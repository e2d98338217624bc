using System.Globalization;
using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Train.Listeners;

/// <summary>Shows the progress of a training.</summary>
internal sealed class StepDisplay(ConsoleLog messages) : IRunListener
{
    private const int StepsAveraged = 50; // single-step losses are too noisy

    private readonly ProgressDisplay display = new(messages.Error, messages.Quiet, "step");
    private readonly Queue<double> recent = new();
    private double? validated;
    private bool? checkpointed;
    private bool hasStarted;

    public void OnStepCompleted(TrainProgress step)
    {
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

    /// <summary>Shows that an image is generated, which may take longer than a step.</summary>
    public void ShowImage(int step, int steps, int image, int images) =>
        display.Show(step, steps, $"  generating image {image}/{images}");

    public void OnSaving() { }

    public void Dispose() => display.Dispose();
}
