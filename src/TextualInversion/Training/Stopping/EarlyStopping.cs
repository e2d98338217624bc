namespace TextualInversion.Training.Stopping;

/// <summary>Stops a run that no longer improves.</summary>
internal static class EarlyStopping
{
    /// <summary>
    /// Whether the last <paramref name="patience"/> validations all failed to improve on the best one. The validation
    /// before the first step counts like any other.
    /// </summary>
    /// <param name="points">The validations in the order of their steps.</param>
    /// <param name="patience">The number of validations without improvement; 0 never stops.</param>
    /// <param name="start">
    /// Only validations after this step count. It is above 0 for a finished run that was extended.
    /// </param>
    public static bool ShouldStop(IReadOnlyList<Validation> points, int patience, int start = 0)
    {
        if (patience == 0 || Validation.Best(points) is not { } best)
            return false;
        var last = Math.Max(best.Step, start);
        return points.Count(point => point.Step > last) >= patience;
    }
}
