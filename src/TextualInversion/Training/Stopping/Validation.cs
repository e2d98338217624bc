namespace TextualInversion.Training.Stopping;

/// <summary>A point of the curve that tells how well the rows explain the images.</summary>
/// <param name="Step">steps done</param>
/// <param name="Loss">over the same images, noise, timesteps and prompts as every other point, of this and of any other run</param>
/// <param name="HeldOut">the same of the image that is held out of training; null where none is</param>
internal sealed record Validation(int Step, double Loss, double? HeldOut = null)
{
    /// <summary>The best point, the earliest of equals; null where there is none.</summary>
    public static Validation? Best(IReadOnlyList<Validation> points) =>
        points.Where(point => double.IsFinite(point.Loss)).MinBy(point => point.Loss);
}
