using TextualInversion.Training;

namespace TextualInversion.Cli;

/// <summary>Writes <c>metrics.csv</c>.</summary>
internal sealed class MetricsListener(RunFolder folder, int stepsBefore) : IRunListener
{
    private readonly MetricsFile file = new(folder.MetricsPath, stepsBefore);

    public void Stepped(TrainProgress step) => file.Add(step);

    public void Saving() => file.Flush();

    public void Dispose() => file.Dispose();
}
