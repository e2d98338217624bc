using System.Globalization;
using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Distill;

/// <summary>Shows the steps, whose clock starts with the first of them.</summary>
/// <param name="count">The number of steps.</param>
/// <param name="messages">Receives them.</param>
internal sealed class DistillDisplay(int count, ConsoleLog messages) : IDisposable
{
    private ProgressDisplay? display;

    /// <param name="at">The steps that are done, and the loss that was measured last.</param>
    public void Show((int Step, double Loss) at)
    {
        if (display is null)
        {
            display = new ProgressDisplay(messages.Error, messages.Quiet, "step");
            display.StartFrom(at.Step);
        }

        display.Show(at.Step, count, string.Create(CultureInfo.InvariantCulture, $"  loss {at.Loss:0.######}"));
    }

    public void Dispose() => display?.Dispose();
}
