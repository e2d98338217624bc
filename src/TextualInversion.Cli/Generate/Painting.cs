using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Generate;

/// <summary>Has a plan painted into an album, with progress.</summary>
internal static class Painting
{
    /// <param name="studio">paints</param>
    /// <param name="plan">what</param>
    /// <param name="batch">at most so many pictures at once</param>
    /// <param name="album">takes each picture as soon as it is there</param>
    /// <param name="messages">shows how far it is</param>
    /// <param name="cancellationToken">ends it</param>
    /// <returns>why it ended before the plan did, with what was finished in the album: a cancellation, or a problem that the user can fix; null where it did not</returns>
    public static Exception? Run(
        Studio studio,
        PicturePlan plan,
        int batch,
        PictureAlbum album,
        Messages messages,
        CancellationToken cancellationToken
    )
    {
        using var display = new ProgressDisplay(messages.Error, messages.Quiet, "step");
        try
        {
            foreach (
                var (job, picture) in studio.Paint(plan, batch, new Report<PaintingProgress>(Show), cancellationToken)
            )
                album.Add(job, picture);
            return null;
        }
        catch (Exception end) when (end is OperationCanceledException or TextualInversionException)
        {
            return end;
        }

        void Show(PaintingProgress at)
        {
            if (at.SmallerBatch is { } smaller)
                display.Say($"not enough memory for so many pictures at once; going on with {smaller}");
            var pictures = plan.Jobs.Count;
            display.Show(
                (long)at.Done * at.Steps + at.Together * at.Step,
                (long)pictures * at.Steps,
                pictures == 1 ? "" : $"  picture {at.Done + 1}/{pictures}"
            );
        }
    }
}
