using TextualInversion.Cli.Html;
using TextualInversion.Cli.Runs;
using TextualInversion.Models;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Report;

/// <summary>Values of a run over its steps, for charts.</summary>
internal static class RunSeries
{
    private const int ShortestWindow = 5,
        LongestWindow = 50;

    /// <summary>The value of each step that has one.</summary>
    public static IReadOnlyList<(double X, double Y)> Points(RunLog run, Func<MetricsLine, double?> value)
    {
        var points = new List<(double X, double Y)>();
        foreach (var line in run.Steps)
        {
            if (value(line) is { } y)
                points.Add((line.Step, y));
        }

        return points;
    }

    /// <summary>Moving averages over a tenth of the points; single-step values are too noisy.</summary>
    public static IReadOnlyList<(double X, double Y)> Smooth(IReadOnlyList<(double X, double Y)> points) =>
        Curve.Smooth(points, Window(points.Count));

    /// <summary>How many of so many points an average is over.</summary>
    public static int Window(int points) => Math.Clamp(points / 10, ShortestWindow, LongestWindow);

    /// <summary>A curve for each vector.</summary>
    public static IReadOnlyList<Curve> OfVectors(RunLog run, Func<MetricsLine, IReadOnlyList<double>> values)
    {
        Curve OfVector(int index) =>
            new(
                VectorName(run, index),
                Points(run, line => index < values(line).Count ? values(line)[index] : null),
                index
            );
        var count = run.Steps.Max(line => (int?)line.Norms.Count) ?? 0;
        return [.. Enumerable.Range(0, count).Select(OfVector)];
    }

    public static double? Mean(IReadOnlyList<double> values) => values.Count == 0 ? null : values.Average();

    /// <summary>
    /// The name of a vector, such as "vector 1", or "encoder 2, vector 1" if there are several text encoders.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="index">The index of the vector in the metrics.</param>
    public static string VectorName(RunLog run, int index)
    {
        var result = run.Record.Result;
        var vectors = Math.Max(1, result.Words?.Sum(word => word.Vectors) ?? result.Vectors); // the file may be damaged
        var encoders = run.Record.FrozenWeights.Keys.Count(part =>
            part.StartsWith(nameof(ModelPart.TextEncoder), StringComparison.Ordinal)
        );
        var name = VectorName(result, index % vectors);
        return encoders > 1 ? $"encoder {index / vectors + 1}, {name}" : name;
    }

    /// <summary>The name of a vector of a text encoder: "vector 1", or "my-cat 1" if there are several words.</summary>
    /// <param name="result">The run.</param>
    /// <param name="row">The vector, counted from 0 over all words.</param>
    public static string VectorName(TrainSummary result, int row)
    {
        foreach (var word in result.Words ?? [])
        {
            if (row < word.Vectors)
                return $"{word.Placeholder} {row + 1}";
            row -= word.Vectors;
        }

        return $"vector {row + 1}";
    }
}
