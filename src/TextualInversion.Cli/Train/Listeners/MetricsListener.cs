using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Train.Listeners;

/// <summary>Writes <c>metrics.csv</c> and the events for TensorBoard.</summary>
/// <param name="folder">where they go</param>
/// <param name="resumeFrom">the last step of a run that goes on; null for a new one</param>
internal sealed class MetricsListener(RunFolder folder, int? resumeFrom) : IRunListener
{
    private readonly MetricsFile file = new(folder.MetricsPath, resumeFrom);
    private readonly EventFile events = new(folder.EventsPath, resumeFrom, TimeProvider.System);

    public void OnStepCompleted(TrainProgress step)
    {
        file.Add(step);
        events.Add(step);
    }

    public void OnSaving()
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
