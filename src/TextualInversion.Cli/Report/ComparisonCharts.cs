using TextualInversion.Cli.Html;
using TextualInversion.Training.RunFiles;
using static TextualInversion.Cli.Report.RunSeries;

namespace TextualInversion.Cli.Report;

/// <summary>
/// The charts of several runs, which have one curve for each run. To add one, add it to <see cref="Of"/>.
/// </summary>
internal static class ComparisonCharts
{
    public static IEnumerable<LineChart> Of(IReadOnlyList<NamedRun> runs) =>
        [
            Dotted("Validation loss", runs, run => run.Log.Validations),
            Dotted("Loss of the held-out image", runs, run => Points(run.Log, line => line.HeldOutLoss)),
            Smoothed("Training loss, smoothed", runs, line => line.Loss),
            Smoothed("Gradient norm, smoothed", runs, line => line.GradientNorm) with
            {
                HasZero = true,
            },
            Plain("Mean drift of the vectors", runs, line => Mean(line.Drift)) with
            {
                HasZero = true,
            },
            Plain("Mean norm of the vectors", runs, line => Mean(line.Norms)),
        ];

    private static LineChart Dotted(
        string title,
        IReadOnlyList<NamedRun> runs,
        Func<NamedRun, IReadOnlyList<(double X, double Y)>> points
    ) => Chart(title, runs, points, hasDots: true);

    private static LineChart Smoothed(string title, IReadOnlyList<NamedRun> runs, Func<MetricsLine, double?> value) =>
        Chart(title, runs, run => Smooth(Points(run.Log, value)));

    private static LineChart Plain(string title, IReadOnlyList<NamedRun> runs, Func<MetricsLine, double?> value) =>
        Chart(title, runs, run => Points(run.Log, value));

    private static LineChart Chart(
        string title,
        IReadOnlyList<NamedRun> runs,
        Func<NamedRun, IReadOnlyList<(double X, double Y)>> points,
        bool hasDots = false
    ) =>
        new()
        {
            Title = title,
            Curves = [.. runs.Select((run, number) => new Curve(run.Name, points(run), number, HasDots: hasDots))],
        };
}
