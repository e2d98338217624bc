namespace TextualInversion.Training.Stopping;

/// <summary>A point of the validation curve, which shows how well the embedding explains the images.</summary>
/// <param name="Step">The number of steps taken.</param>
/// <param name="Loss">
/// The mean loss over images, noise, timesteps and prompts that are the same for every validation of every run.
/// </param>
/// <param name="HeldOut">The same for the held-out image, or null if there is none.</param>
internal sealed record Validation(int Step, double Loss, double? HeldOut = null)
{
    /// <summary>
    /// The validation with the lowest finite loss, the earliest if several are equal, or null if none is finite.
    /// </summary>
    public static Validation? Best(IReadOnlyList<Validation> points) =>
        points.Where(point => double.IsFinite(point.Loss)).MinBy(point => point.Loss);
}
