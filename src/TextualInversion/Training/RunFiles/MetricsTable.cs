using System.Globalization;
using TextualInversion.IO;

namespace TextualInversion.Training.RunFiles;

/// <summary>One line of <c>metrics.csv</c>.</summary>
/// <param name="Step">The number of steps taken.</param>
/// <param name="Loss">The training loss, or null before the first step.</param>
/// <param name="ValidationLoss">The validation loss, or null if no validation was due.</param>
/// <param name="RelativeLoss">
/// The validation loss relative to an empty prompt, by which the best embedding is chosen, or null if no validation was
/// due.
/// </param>
/// <param name="HeldOutLoss">
/// The validation loss of the held-out image, or null if no validation was due or no image was held out.
/// </param>
/// <param name="GradientNorm">The gradient's norm, or null before the first step.</param>
/// <param name="Nearest">The nearest word of each vector, or null if no validation was due.</param>
/// <param name="Norms">The norm of each vector.</param>
/// <param name="Drift">The distance of each vector from its initial value.</param>
internal sealed record MetricsLine(
    int Step,
    double? Loss,
    double? ValidationLoss,
    double? RelativeLoss,
    double? HeldOutLoss,
    double? GradientNorm,
    IReadOnlyList<NearWord>? Nearest,
    IReadOnlyList<double> Norms,
    IReadOnlyList<double> Drift
);

/// <summary>The format of <c>metrics.csv</c> (RFC 4180). Columns are found by name; unknown values are empty.</summary>
internal static class MetricsTable
{
    private const string Step = "step",
        Loss = "loss",
        Validation = "validation_loss",
        Relative = "relative_loss",
        HeldOut = "held_out_loss",
        Rate = "learning_rate",
        Gradient = "gradient_norm";

    /// <param name="rows">The number of vectors.</param>
    internal static string Heading(int rows) =>
        string.Join(
            ',',
            new[] { Step, Loss, Validation, Rate, Gradient, HeldOut, Relative }
                .Concat(Names("nearest", rows))
                .Concat(Names("cosine", rows))
                .Concat(Names("norm", rows))
                .Concat(Names("drift", rows))
        );

    internal static string Line(TrainProgress step)
    {
        var numbers = new[]
        {
            Text(step.Loss, "G9"),
            Text(step.ValidationLoss, "G9"),
            Text(step.LearningRate, "G7"),
            Text(step.GradientNorm, "G7"),
            Text(step.HeldOutLoss, "G9"),
            Text(step.RelativeLoss, "G9"),
        };
        var rows = step.Norms.Concat(step.Drift).Select(length => Text(length, "G7"));
        var words = step
            .Norms.Select((_, row) => step.Nearest is null ? "" : Quoted(step.Nearest[row].Word))
            .Concat(step.Norms.Select((_, row) => Text(step.Nearest?[row].Cosine, "G5")));
        return string.Join(
            ',',
            numbers.Prepend(step.Step.ToString(CultureInfo.InvariantCulture)).Concat(words).Concat(rows)
        );
    }

    /// <summary>Reads a file that <see cref="MetricsFile"/> wrote. An incomplete last line is ignored.</summary>
    /// <exception cref="TextualInversionException">The file cannot be read or is not such a file.</exception>
    public static IReadOnlyList<MetricsLine> Read(string path)
    {
        try
        {
            SpecialFile.Refuse(path);
            var lines = File.ReadAllLines(path);
            var columns = lines[0].Split(',').Index().ToDictionary(column => column.Item, column => column.Index);
            return
            [
                .. lines
                    .Skip(1)
                    .Select(Fields)
                    .Where(fields => fields.Count == columns.Count)
                    .Select(fields => Parse(fields, columns)),
            ];
        }
        catch (Exception error)
            when (error
                    is IndexOutOfRangeException
                        or KeyNotFoundException
                        or FormatException
                        or OverflowException
                        or ArgumentException
            )
        {
            throw new TextualInversionException(
                $"{path}: is not the metrics of a run; choose the folder of another run.",
                error
            );
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(path, error);
        }
    }

    private static MetricsLine Parse(List<string> fields, Dictionary<string, int> columns)
    {
        double? Number(string name) =>
            columns.TryGetValue(name, out var column) && fields[column].Length > 0
                ? double.Parse(fields[column], CultureInfo.InvariantCulture)
                : null;
        List<double> Each(string name) =>
            [
                .. Enumerable
                    .Range(0, columns.Count)
                    .Select(row => Number($"{name}_{row}"))
                    .TakeWhile(number => number is not null)
                    .Select(number => number!.Value),
            ];
        var cosines = Each("cosine");
        return new MetricsLine(
            int.Parse(fields[columns[Step]], NumberStyles.None, CultureInfo.InvariantCulture),
            Number(Loss),
            Number(Validation),
            Number(Relative),
            Number(HeldOut),
            Number(Gradient),
            cosines.Count == 0
                ? null
                : [.. cosines.Select((cosine, row) => new NearWord(fields[columns[$"nearest_{row}"]], cosine))],
            Each("norm"),
            Each("drift")
        );
    }

    /// <summary>
    /// Splits a line into fields, some of which are quoted. Words contain no line breaks, so a field never spans lines.
    /// </summary>
    private static List<string> Fields(string line)
    {
        List<string> fields = [""];
        for (var (i, isQuoted) = (0, false); i < line.Length; i++)
        {
            if (line[i] == '"' && isQuoted && i + 1 < line.Length && line[i + 1] == '"')
                fields[^1] += line[i++];
            else if (line[i] == '"')
                isQuoted = !isQuoted;
            else if (line[i] == ',' && !isQuoted)
                fields.Add("");
            else
                fields[^1] += line[i];
        }

        return fields;
    }

    private static IEnumerable<string> Names(string name, int rows) =>
        Enumerable.Range(0, rows).Select(row => $"{name}_{row}");

    private static string Text(double? number, string format) =>
        number?.ToString(format, CultureInfo.InvariantCulture) ?? "";

    private static string Quoted(string word) =>
        word.AsSpan().IndexOfAny(',', '"') < 0 ? word : $"\"{word.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
