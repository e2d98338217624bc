using TextualInversion.Cli.Html;
using TextualInversion.Cli.Runs;
using TextualInversion.Training.RunFiles;
using static TextualInversion.Cli.Report.RunSeries;

namespace TextualInversion.Cli.Report;

/// <summary>The charts of one run. To add one, add it to <see cref="Of"/>.</summary>
internal static class RunCharts
{
    public static IEnumerable<LineChart> Of(RunLog run) =>
        [
            ValidationLoss(run),
            Noisy("Training loss", run, line => line.Loss),
            Noisy("Gradient norm", run, line => line.GradientNorm) with
            {
                HasZero = true,
            },
            Drift(run),
            Norms(run),
            NearestTokens(run),
        ];

    private static LineChart ValidationLoss(RunLog run) =>
        new()
        {
            Title = "Validation loss",
            Curves =
            [
                new Curve("fixed images, noise and timesteps", run.Validations, 0, HasDots: true),
                new Curve("held-out image", Points(run, line => line.HeldOutLoss), 1, HasDots: true),
            ],
            Levels = run.Record.Result.Validation is { } loss
                ? [("initializer", loss.Initial), ("empty prompt", loss.WithoutPrompts)]
                : [],
            Marks = [.. Marks(run)],
        };

    private static LineChart Drift(RunLog run) =>
        new()
        {
            Title = "Drift of each vector from its initial value",
            Curves = OfVectors(run, line => line.Drift),
            HasZero = true,
        };

    private static LineChart Norms(RunLog run)
    {
        var vocabularies = run.Record.VocabularyNorms;
        string Name(int encoder) => vocabularies.Count == 1 ? "vocabulary’s mean" : $"mean of vocabulary {encoder + 1}";
        return new LineChart
        {
            Title = "Norm of each vector",
            Curves = OfVectors(run, line => line.Norms),
            Levels = [.. vocabularies.Select((norms, encoder) => (Name(encoder), norms.Mean))],
        };
    }

    private static LineChart NearestTokens(RunLog run)
    {
        var curves = OfVectors(run, line => [.. line.Nearest?.Select(token => token.Cosine) ?? []]);
        return new LineChart
        {
            Title = "Cosine of each vector to its nearest token",
            Curves = [.. curves.Select(curve => curve with { HasDots = true })],
        };
    }

    /// <summary>Each step's value with the moving average over it.</summary>
    private static LineChart Noisy(string title, RunLog run, Func<MetricsLine, double?> value)
    {
        var points = Points(run, value);
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

    private static IEnumerable<(string Name, double X)> Marks(RunLog run)
    {
        var result = run.Record.Result;
        if (result.Validation is not null)
            yield return ($"best: {result.BestStep}", result.BestStep);
        if (result.BestStep != result.Steps && run.Record.End != TrainingEnd.Completed)
            yield return ($"stop: {result.Steps}", result.Steps);
    }
}
