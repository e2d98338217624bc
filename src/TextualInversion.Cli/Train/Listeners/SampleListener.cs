using TextualInversion.Training;

namespace TextualInversion.Cli.Train.Listeners;

/// <summary>Generates images before the first step and at regular intervals.</summary>
/// <param name="samples">Generates them.</param>
/// <param name="show">
/// Receives the step, the number of steps, the number of the image, and the number of images.
/// </param>
/// <param name="cancellationToken">Cancels the image at hand.</param>
internal sealed class SampleListener(
    SampleGenerator samples,
    Action<int, int, int, int> show,
    CancellationToken cancellationToken
) : IRunListener
{
    public void OnStepCompleted(TrainProgress step)
    {
        if (step.Step % samples.Plan.Every != 0)
            return;
        var rows = step.Rows.Select(RowValues.ToTensor).ToList();
        void Show(int image) => show(step.Step, step.Steps, image, samples.Plan.Images.Count);
        samples.Generate(step.Step, rows, Show, cancellationToken);
        rows.ForEach(each => each.Dispose());
    }

    public void OnSaving() { }

    public void Dispose() { }
}
