using System.Globalization;
using TextualInversion.Cli.Sweep.Work;

namespace TextualInversion.Cli.Sweep.Results;

/// <summary>The rows of the report as comma-separated values, see RFC 4180.</summary>
internal static class SweepCsv
{
    public static string Of(IReadOnlyList<CellResult> cells)
    {
        var options = cells.SelectMany(cell => cell.Matrix.Keys).Distinct().ToList();
        IEnumerable<string> lines =
        [
            Line([
                "name",
                "placeholder",
                "seed",
                .. options,
                "state",
                "score",
                "image similarity",
                "text similarity",
                "dino similarity",
                "validation loss",
                "initializer loss",
                "empty prompt loss",
                "best step",
                "steps",
                "seconds",
                "embedding",
                "problem",
            ]),
            .. cells.Select(cell => Line(Fields(cell, options))),
        ];
        return string.Concat(lines.Select(line => line + "\n"));
    }

    private static IEnumerable<string> Fields(CellResult cell, IReadOnlyList<string> options) =>
        [
            cell.Name,
            cell.Placeholder,
            Number(cell.Seed),
            .. options.Select(option => cell.Matrix.GetValueOrDefault(option, "")),
            cell.State.ToString().ToLowerInvariant(),
            Number(cell.Score),
            Number(cell.ImageSimilarity),
            Number(cell.TextSimilarity),
            Number(cell.DinoSimilarity),
            Number(cell.ValidationLoss),
            Number(cell.InitializerLoss),
            Number(cell.EmptyPromptLoss),
            Number(cell.BestStep),
            Number(cell.Steps),
            Number(cell.Seconds),
            cell.State == CellState.Done ? cell.Embedding : "",
            cell.Problem ?? "",
        ];

    private static string Number(IFormattable? value) => value?.ToString(null, CultureInfo.InvariantCulture) ?? "";

    private static string Line(IEnumerable<string> fields) => string.Join(',', fields.Select(Quote));

    private static string Quote(string field) =>
        field.AsSpan().ContainsAny(",\"\r\n") ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;
}
