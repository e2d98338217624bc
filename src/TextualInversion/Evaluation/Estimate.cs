namespace TextualInversion.Evaluation;

/// <summary>A mean over seeds with its standard error.</summary>
internal readonly record struct Estimate(double Mean, double StandardError)
{
    /// <summary>Whether the mean is above zero by more than chance: two standard errors.</summary>
    public bool IsAboveZero => Mean > 2 * StandardError;

    /// <param name="values">One value for each seed, at least two.</param>
    public static Estimate Of(IReadOnlyList<double> values)
    {
        var mean = values.Average();
        var variance = values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1);
        return new Estimate(mean, Math.Sqrt(variance / values.Count));
    }

    /// <summary>Estimates a difference, paired by seed: variation that both have in common cancels out.</summary>
    public static Estimate OfDifferences(IReadOnlyList<double> values, IReadOnlyList<double> others) =>
        Of([.. values.Zip(others, (value, other) => value - other)]);
}
