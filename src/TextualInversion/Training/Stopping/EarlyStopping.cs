namespace TextualInversion.Training.Stopping;

/// <summary>When a run is over before its last step.</summary>
internal static class EarlyStopping
{
    /// <summary>Whether the last <paramref name="patience"/> validations all failed to be the best so far. The one before the first step counts as any other.</summary>
    /// <param name="points">in the order of their steps</param>
    /// <param name="patience">0 for never</param>
    public static bool ShouldStop(IReadOnlyList<Validation> points, int patience)
    {
        if (patience == 0 || Validation.Best(points) is not { } best)
            return false;
        return points.Count(point => point.Step > best.Step) >= patience;
    }
}
