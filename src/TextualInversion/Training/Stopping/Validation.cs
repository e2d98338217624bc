namespace TextualInversion.Training.Stopping;

/// <summary>A point of the validation curve, which shows how well the embedding explains the images.</summary>
/// <param name="Step">The number of steps taken.</param>
/// <param name="Loss">
/// The mean loss over images, noise, timesteps and prompts that are the same for every validation of every run.
/// </param>
/// <param name="RelativeLoss">
/// The geometric mean of each example's loss, relative to its loss with an empty prompt; 1 is as good as no word. By it
/// embeddings are compared: the loss at small timesteps is more than ten times that at large ones, where layout and
/// light are decided, so the mean alone hardly shows them.
/// </param>
/// <param name="HeldOut">The mean loss of the held-out image, or null if there is none.</param>
internal sealed record Validation(int Step, double Loss, double RelativeLoss, double? HeldOut = null)
{
    /// <summary>
    /// The validation with the lowest finite relative loss, the earliest if several are equal, or null if none is
    /// finite.
    /// </summary>
    public static Validation? Best(IReadOnlyList<Validation> points) =>
        points.Where(point => double.IsFinite(point.RelativeLoss)).MinBy(point => point.RelativeLoss);
}
