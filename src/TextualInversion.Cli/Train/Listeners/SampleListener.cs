using TextualInversion.Training;

namespace TextualInversion.Cli.Train.Listeners;

/// <summary>Has images painted before the first step and after each so many.</summary>
/// <param name="painter">that paints</param>
/// <param name="show">told the step, the steps in all, the image and the images</param>
/// <param name="cancellationToken">ends the painting</param>
internal sealed class SampleListener(
    SampleGenerator painter,
    Action<int, int, int, int> show,
    CancellationToken cancellationToken
) : IRunListener
{
    public void OnStepCompleted(TrainProgress step)
    {
        if (step.Step % painter.Plan.Every == 0)
            painter.Paint(
                step.Step,
                [.. step.Rows.Select(RowValues.ToTensor)],
                image => show(step.Step, step.Steps, image, painter.Plan.Images.Count),
                cancellationToken
            );
    }

    public void OnSaving() { }

    public void Dispose() { }
}
