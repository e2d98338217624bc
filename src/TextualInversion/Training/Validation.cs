namespace TextualInversion.Training;

/// <summary>A point of the curve that tells how well the rows explain the pictures.</summary>
/// <param name="Step">steps done</param>
/// <param name="Loss">over the same pictures, noise, timesteps and prompts as every other point, of this and of any other run</param>
public sealed record Validation(int Step, double Loss)
{
    /// <summary>The best point, the earliest of equals; null where there is none.</summary>
    public static Validation? Best(IReadOnlyList<Validation> points) => points.Where(point => double.IsFinite(point.Loss)).MinBy(point => point.Loss);
}
