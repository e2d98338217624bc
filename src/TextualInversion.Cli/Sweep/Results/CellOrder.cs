namespace TextualInversion.Cli.Sweep.Results;

/// <summary>A cell that may have scores.</summary>
internal interface IScoredCell
{
    double? ImageSimilarity { get; }

    double? Score { get; }
}

/// <summary>The order of cells in lists.</summary>
internal static class CellOrder
{
    /// <summary>By image similarity or, of cells that were not evaluated, by score; the best first.</summary>
    public static IOrderedEnumerable<T> ThenByScore<T>(this IOrderedEnumerable<T> cells)
        where T : IScoredCell =>
        cells
            .ThenByDescending(cell => cell.ImageSimilarity ?? double.NegativeInfinity)
            .ThenByDescending(cell => cell.Score ?? double.NegativeInfinity);
}
