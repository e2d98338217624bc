using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Generate;

/// <summary>How a generation ended.</summary>
/// <param name="Problem">A cancellation or a problem that the user can fix. Null where all images were made.</param>
internal sealed record GenerationOutcome(Exception? Problem)
{
    /// <summary>Whether the images that were made are what the user wanted, all or those before Ctrl-C.</summary>
    public bool IsWanted => Problem is null or OperationCanceledException;
}

/// <summary>Generates a plan's images, shows the progress, and writes each image as soon as it is made.</summary>
/// <param name="generator">Makes the images.</param>
/// <param name="writer">Writes them.</param>
/// <param name="messages">Shows the progress.</param>
internal sealed class GenerationRunner(BatchGenerator generator, GeneratedImageWriter writer, ConsoleLog messages)
{
    /// <param name="plan">The images.</param>
    /// <param name="batch">The largest number of images at once.</param>
    /// <param name="cancellationToken">Ends the work. Images that were made are kept.</param>
    public GenerationOutcome Run(ImagePlan plan, int batch, CancellationToken cancellationToken)
    {
        using var display = new ProgressDisplay(messages.Error, messages.Quiet, "step");
        var progress = new SynchronousProgress<GenerationProgress>(at => Show(display, plan, at));
        try
        {
            foreach (var (job, image) in generator.Generate(plan, batch, progress, cancellationToken))
                writer.Add(job, image);
            return new GenerationOutcome(Problem: null);
        }
        catch (Exception problem) when (problem is OperationCanceledException or TextualInversionException)
        {
            return new GenerationOutcome(problem);
        }
    }

    private static void Show(ProgressDisplay display, ImagePlan plan, GenerationProgress at)
    {
        if (at.SmallerBatch is { } smaller)
            display.Info($"not enough memory for so many images at once; continuing with {smaller}");
        var images = plan.Jobs.Count;
        display.Show(
            (long)at.Done * at.Steps + at.Together * at.Step,
            (long)images * at.Steps,
            (images == 1 ? "" : $"  image {at.Done + 1}/{images}") + (at.Step == at.Steps ? "  decoding" : "")
        );
    }
}
