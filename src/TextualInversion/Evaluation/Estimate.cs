namespace TextualInversion.Evaluation;

/// <summary>A mean over seeds, and by how much another draw of the seeds would move it.</summary>
internal readonly record struct Estimate(double Mean, double StandardError)
{
    /// <summary>Whether the mean is above zero by more than chance: two standard errors.</summary>
    public bool IsAboveZero => Mean > 2 * StandardError;

    /// <param name="values">one for each seed, at least two</param>
    public static Estimate Of(IReadOnlyList<double> values)
    {
        var mean = values.Average();
        var variance = values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1);
        return new Estimate(mean, Math.Sqrt(variance / values.Count));
    }

    /// <summary>Of the differences, seed by seed: what seeds have in common falls out.</summary>
    public static Estimate OfDifferences(IReadOnlyList<double> values, IReadOnlyList<double> others) =>
        Of([.. values.Zip(others, (value, other) => value - other)]);
}
