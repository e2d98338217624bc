namespace TextualInversion.Training.Stopping;

/// <summary>A point of the validation curve, which tells how well the embedding explains the images.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Loss">The mean loss over images, noise, timesteps and prompts that are the same for every point of
/// every run.</param>
/// <param name="HeldOut">The same for the image that is held out of training, or null if none is.</param>
internal sealed record Validation(int Step, double Loss, double? HeldOut = null)
{
    /// <summary>The point with the lowest finite loss, the earliest of equals, or null if there is none.</summary>
    public static Validation? Best(IReadOnlyList<Validation> points) =>
        points.Where(point => double.IsFinite(point.Loss)).MinBy(point => point.Loss);
}
