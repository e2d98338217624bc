using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Train.Listeners;

/// <summary>Writes <c>metrics.csv</c> and the events for TensorBoard.</summary>
/// <param name="folder">The run's folder.</param>
/// <param name="resumeFrom">The step from which the run is resumed, or null for a new run.</param>
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
