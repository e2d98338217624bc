using System.Globalization;
using TextualInversion.IO;

namespace TextualInversion.Training.RunFiles;

/// <summary>
/// <c>metrics.csv</c>: a line for the initial vectors and one for each step, written as the steps are taken.
/// <see cref="MetricsTable"/> reads it.
/// </summary>
internal sealed class MetricsFile : IDisposable
{
    private const int LinesBetweenFlushes = 50;

    private readonly string path;
    private readonly StreamWriter writer;
    private int lines;

    /// <param name="path">The file. An existing one is replaced.</param>
    /// <param name="resumeFrom">
    /// The last step of the run to resume, whose lines up to that step are kept. Null: a new run.
    /// </param>
    /// <exception cref="TextualInversionException">The file cannot be written.</exception>
    public MetricsFile(string path, int? resumeFrom = null)
    {
        this.path = path;
        var kept = Guard(() => resumeFrom is { } last && File.Exists(path) ? Kept(path, last) : []);
        AtomicFile.WriteText(path, overwrite: true, string.Concat(kept.Select(line => line + '\n')));
        writer = Guard(() => new StreamWriter(path, append: true));
        lines = kept.Count;
    }

    /// <summary>Writes the line of a step.</summary>
    /// <exception cref="TextualInversionException">The file cannot be written.</exception>
    public void Add(TrainProgress step)
    {
        if (lines == 0)
            Guard(() => WriteLine(MetricsTable.Heading(step.Norms.Count)));
        Guard(() => WriteLine(MetricsTable.Line(step)));
    }

    /// <summary>Passes all lines so far to the operating system.</summary>
    /// <exception cref="TextualInversionException">The file cannot be written.</exception>
    public void Flush() =>
        Guard(() =>
        {
            writer.Flush();
            return true;
        });

    public void Dispose() =>
        Guard(() =>
        {
            writer.Dispose();
            return true;
        });

    private static List<string> Kept(string path, int last)
    {
        SpecialFile.Refuse(path);
        var (kept, former) = (new List<string>(), -1);
        foreach (var line in File.ReadLines(path))
        {
            var step = kept.Count == 0 ? -1 : StepOf(line); // the first line is the heading
            if (kept.Count > 0 && (step <= former || step > last))
                break; // a killed run may leave a truncated number
            kept.Add(line);
            former = step;
        }

        return kept;
    }

    private static int StepOf(string line) =>
        int.TryParse(line.Split(',')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var step)
            ? step
            : int.MaxValue;

    private bool WriteLine(string line)
    {
        writer.Write(line + '\n');
        if (++lines % LinesBetweenFlushes == 0)
            writer.Flush();
        return true;
    }

    private T Guard<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Wrap(
                path,
                "written",
                error,
                note: $"The run in {Path.GetDirectoryName(path)} can be resumed after that."
            );
        }
    }
}
