using System.Globalization;
using TextualInversion.IO;

namespace TextualInversion.Training.RunFiles;

/// <summary>One line of <c>metrics.csv</c>.</summary>
/// <param name="Step">steps done</param>
/// <param name="Loss">null before the first step</param>
/// <param name="ValidationLoss">null where none was due, as are the next</param>
/// <param name="HeldOutLoss">of an image that was not learned from</param>
/// <param name="GradientNorm">null before the first step</param>
/// <param name="Nearest">of each row the nearest word; null where none was looked for</param>
/// <param name="Norms">of each row</param>
/// <param name="Drift">of each row</param>
internal sealed record MetricsLine(
    int Step,
    double? Loss,
    double? ValidationLoss,
    double? HeldOutLoss,
    double? GradientNorm,
    IReadOnlyList<NearWord>? Nearest,
    IReadOnlyList<double> Norms,
    IReadOnlyList<double> Drift
);

/// <summary>
/// The format of <c>metrics.csv</c> (RFC 4180): columns are found by their names, what is not known stays empty.
/// </summary>
internal static class MetricsTable
{
    private const string Step = "step",
        Loss = "loss",
        Validation = "validation_loss",
        HeldOut = "held_out_loss",
        Rate = "learning_rate",
        Gradient = "gradient_norm";

    /// <param name="rows">how many rows are learned</param>
    internal static string Heading(int rows) =>
        string.Join(
            ',',
            new[] { Step, Loss, Validation, Rate, Gradient, HeldOut }
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

    /// <summary>Reads a file that <see cref="MetricsFile"/> wrote; a last line that is not whole is left out.</summary>
    /// <exception cref="TextualInversionException">It cannot be read, or is no such file.</exception>
    public static IReadOnlyList<MetricsLine> Read(string path)
    {
        try
        {
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
                $"{path}: is no table of a run's steps; take the folder of another run.",
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
    /// A line's fields, of which some are in quotes; none over several lines, since words have no breaks.
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
