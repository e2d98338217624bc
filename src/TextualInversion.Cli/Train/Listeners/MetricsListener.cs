using TextualInversion.Training;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Train.Listeners;

/// <summary>Writes <c>metrics.csv</c> and the events for TensorBoard.</summary>
/// <param name="folder">where they go</param>
/// <param name="from">the last step of a run that goes on; null for a new one</param>
internal sealed class MetricsListener(RunFolder folder, int? from) : IRunListener
{
    private readonly MetricsFile file = new(folder.MetricsPath, from);
    private readonly EventFile events = new(folder.EventsPath, from, TimeProvider.System);

    public void Stepped(TrainProgress step)
    {
        file.Add(step);
        events.Add(step);
    }

    public void Saving()
    {
        file.Flush();
        events.Flush();
    }

    public void Dispose()
    {
        file.Dispose();
        events.Dispose();
    }
}
