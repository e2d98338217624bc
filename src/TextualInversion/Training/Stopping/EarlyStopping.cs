namespace TextualInversion.Training.Stopping;

/// <summary>Stops a run that no longer improves.</summary>
internal static class EarlyStopping
{
    /// <summary>
    /// Whether the last <paramref name="patience"/> validations all failed to be the best so far. The one before the
    /// first step counts
    /// like any other.
    /// </summary>
    /// <param name="points">In the order of their steps.</param>
    /// <param name="patience">0 to never stop.</param>
    /// <param name="start">The step from which on validations count. It is above 0 for a run that was over and was
    /// extended.</param>
    public static bool ShouldStop(IReadOnlyList<Validation> points, int patience, int start = 0)
    {
        if (patience == 0 || Validation.Best(points) is not { } best)
            return false;
        var last = Math.Max(best.Step, start);
        return points.Count(point => point.Step > last) >= patience;
    }
}
