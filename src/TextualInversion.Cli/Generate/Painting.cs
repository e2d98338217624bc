using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Generate;

/// <summary>Has a plan painted into an album, with progress.</summary>
internal static class Painting
{
    /// <param name="generator">paints</param>
    /// <param name="plan">what</param>
    /// <param name="batch">at most so many images at once</param>
    /// <param name="album">takes each image as soon as it is there</param>
    /// <param name="messages">shows how far it is</param>
    /// <param name="cancellationToken">ends it</param>
    /// <returns>why it ended before the plan did, with what was finished in the album: a cancellation, or a problem that the user can fix; null where it did not</returns>
    public static Exception? Run(
        BatchGenerator generator,
        ImagePlan plan,
        int batch,
        GeneratedImageWriter album,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        using var display = new ProgressDisplay(messages.Error, messages.Quiet, "step");
        try
        {
            foreach (
                var (job, image) in generator.Generate(
                    plan,
                    batch,
                    new SynchronousProgress<GenerationProgress>(Show),
                    cancellationToken
                )
            )
                album.Add(job, image);
            return null;
        }
        catch (Exception end) when (end is OperationCanceledException or TextualInversionException)
        {
            return end;
        }

        void Show(GenerationProgress at)
        {
            if (at.SmallerBatch is { } smaller)
                display.Info($"not enough memory for so many images at once; going on with {smaller}");
            var images = plan.Jobs.Count;
            display.Show(
                (long)at.Done * at.Steps + at.Together * at.Step,
                (long)images * at.Steps,
                images == 1 ? "" : $"  image {at.Done + 1}/{images}"
            );
        }
    }
}
