using TextualInversion.Cli.Html;
using TextualInversion.Cli.Runs;
using TextualInversion.Training;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Report;

/// <summary>What can be drawn of one run, or of several over each other.</summary>
internal static class RunCharts
{
    private const int ShortestWindow = 5,
        LongestWindow = 50;

    /// <summary>All of one run.</summary>
    public static IEnumerable<LineChart> Of(RunLog run)
    {
        var result = run.Record.Result;
        yield return new LineChart
        {
            Title = "Validation loss",
            Curves =
            [
                new Curve("on fixed images, noise and timesteps", run.Validations, 0, HasDots: true),
                new Curve("on the image that was held out", Points(run, line => line.HeldOutLoss), 1, HasDots: true),
            ],
            Levels = result.Validation is { } loss
                ? [("the initializer", loss.Initial), ("an empty prompt", loss.WithoutPrompts)]
                : [],
            Marks = [.. Marks(run)],
        };
        yield return Noisy("Training loss", run, line => line.Loss);
        yield return Noisy("Gradient norm", run, line => line.GradientNorm) with
        {
            HasZero = true,
        };
        yield return new LineChart
        {
            Title = "Drift of each row from its start",
            Curves = Rows(run, line => line.Drift),
            HasZero = true,
        };
        yield return new LineChart
        {
            Title = "Norm of each row",
            Curves = Rows(run, line => line.Norms),
            Levels =
            [
                .. run.Record.VocabularyNorms.Select(
                    (norms, encoder) =>
                        (
                            run.Record.VocabularyNorms.Count == 1
                                ? "the vocabulary's mean"
                                : $"vocabulary {encoder + 1}'s mean",
                            norms.Mean
                        )
                ),
            ],
        };
        yield return new LineChart
        {
            Title = "Cosine of each row to its nearest word",
            Curves =
            [
                .. Rows(run, line => line.Nearest?.Select(word => word.Cosine).ToList() ?? [])
                    .Select(curve => curve with { HasDots = true }),
            ],
        };
    }

    /// <summary>Of several runs, each in the colour of its number.</summary>
    public static IEnumerable<LineChart> Of(IReadOnlyList<RunLog> runs, IReadOnlyList<string> names)
    {
        IReadOnlyList<Curve> Each(Func<RunLog, IReadOnlyList<(double X, double Y)>> points, bool hasDots = false) =>
            [.. runs.Select((run, number) => new Curve(names[number], points(run), number, HasDots: hasDots))];
        yield return new LineChart { Title = "Validation loss", Curves = Each(run => run.Validations, hasDots: true) };
        yield return new LineChart
        {
            Title = "Loss of the image that was held out",
            Curves = Each(run => Points(run, line => line.HeldOutLoss), hasDots: true),
        };
        yield return new LineChart
        {
            Title = "Training loss, smoothed",
            Curves = Each(run => Smooth(Points(run, line => line.Loss))),
        };
        yield return new LineChart
        {
            Title = "Gradient norm, smoothed",
            Curves = Each(run => Smooth(Points(run, line => line.GradientNorm))),
            HasZero = true,
        };
        yield return new LineChart
        {
            Title = "Mean drift of the rows",
            Curves = Each(run => Points(run, line => Mean(line.Drift))),
            HasZero = true,
        };
        yield return new LineChart
        {
            Title = "Mean norm of the rows",
            Curves = Each(run => Points(run, line => Mean(line.Norms))),
        };
    }

    /// <summary>Of row i in the order of the metrics: which it is to people.</summary>
    public static string RowName(RunLog run, int row)
    {
        var vectors = run.Record.Result.Vectors;
        return
            run.Record.BaseWeights.Keys.Count(part =>
                part.StartsWith(nameof(Models.ModelPart.TextEncoder), StringComparison.Ordinal)
            ) > 1
            ? $"encoder {row / vectors + 1}, row {row % vectors + 1}"
            : $"row {row + 1}";
    }

    private static IEnumerable<(string Name, double X)> Marks(RunLog run)
    {
        var result = run.Record.Result;
        if (result.Validation is not null)
            yield return ($"best: {result.BestStep}", result.BestStep);
        if (result.BestStep != result.Steps && run.Record.End != TrainingEnd.Completed)
            yield return ($"stop: {result.Steps}", result.Steps);
    }

    private static LineChart Noisy(string title, RunLog run, Func<MetricsLine, double?> number)
    {
        var points = Points(run, number);
        return new LineChart
        {
            Title = title,
            Curves =
            [
                new Curve("each step", points, 0, IsFaint: true),
                new Curve($"mean of {Window(points.Count)}", Smooth(points), 0),
            ],
        };
    }

    private static IReadOnlyList<Curve> Rows(RunLog run, Func<MetricsLine, IReadOnlyList<double>> numbers) =>
        [
            .. Enumerable
                .Range(0, run.Steps.Max(line => (int?)line.Norms.Count) ?? 0)
                .Select(row => new Curve(
                    RowName(run, row),
                    Points(run, line => row < numbers(line).Count ? numbers(line)[row] : null),
                    row
                )),
        ];

    private static List<(double X, double Y)> Points(RunLog run, Func<MetricsLine, double?> number) =>
        [
            .. run
                .Steps.Select(line => (line.Step, Number: number(line)))
                .Where(point => point.Number is not null)
                .Select(point => ((double)point.Step, point.Number!.Value)),
        ];

    private static double? Mean(IReadOnlyList<double> numbers) => numbers.Count == 0 ? null : numbers.Average();

    private static IReadOnlyList<(double X, double Y)> Smooth(List<(double X, double Y)> points) =>
        LineChart.Smooth(points, Window(points.Count));

    private static int Window(int points) => Math.Clamp(points / 10, ShortestWindow, LongestWindow);
}
