using System.Globalization;
using System.Text;
using TextualInversion.Checkpoints;

namespace TextualInversion.Training;

/// <summary><c>metrics.csv</c>: a line for each step, written as the steps are taken.</summary>
public sealed class MetricsFile : IDisposable
{
    private const int LinesBetweenFlushes = 50;

    private readonly string path;
    private readonly bool heldOut;
    private readonly StreamWriter writer;
    private int lines;

    /// <param name="path">replaced where it exists</param>
    /// <param name="steps">of a run that goes on: its lines up to there are kept</param>
    /// <param name="heldOut">whether a picture is held out, which has a column then</param>
    /// <exception cref="TextualInversionException">The file cannot be written.</exception>
    public MetricsFile(string path, int steps = 0, bool heldOut = false)
    {
        this.path = path;
        this.heldOut = heldOut;
        var kept = Guard(() => steps > 0 && File.Exists(path) ? File.ReadLines(path).Take(steps + 1).ToList() : []); // and the heading
        AtomicFile.Write(path, overwrite: true, stream => stream.Write(Encoding.UTF8.GetBytes(string.Concat(kept.Select(line => line + '\n')))));
        writer = Guard(() => new StreamWriter(path, append: true));
        lines = kept.Count;
    }

    /// <exception cref="TextualInversionException">The file cannot be written.</exception>
    public void Add(TrainProgress step)
    {
        if (lines == 0) Guard(() => WriteLine(Heading(step)));
        var spared = heldOut ? string.Create(CultureInfo.InvariantCulture, $",{step.HeldOutLoss:G9}") : "";
        var rows = string.Concat(step.Norms.Concat(step.Drift).Select(distance => string.Create(CultureInfo.InvariantCulture, $",{distance:G7}")));
        Guard(() => WriteLine(string.Create(CultureInfo.InvariantCulture, $"{step.Step},{step.Loss:G9},{step.ValidationLoss:G9},{step.LearningRate:G7},{step.GradientNorm:G7}") + spared + rows));
    }

    /// <summary>Hands all lines so far to the system.</summary>
    /// <exception cref="TextualInversionException">The file cannot be written.</exception>
    public void Flush() => Guard(() =>
    {
        writer.Flush();
        return true;
    });

    public void Dispose() => Guard(() =>
    {
        writer.Dispose();
        return true;
    });

    private string Heading(TrainProgress step) =>
        "step,loss,validation_loss,learning_rate,gradient_norm" + (heldOut ? ",held_out_loss" : "")
        + string.Concat(step.Norms.Select((_, row) => $",norm_{row}")) + string.Concat(step.Drift.Select((_, row) => $",drift_{row}"));

    private bool WriteLine(string line)
    {
        writer.Write(line + '\n');
        if (++lines % LinesBetweenFlushes == 0) writer.Flush();
        return true;
    }

    private T Guard<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TextualInversionException($"{path}: cannot be written ({AtomicFile.Reason(error)}); free some space, then go on with ti train --resume {Path.GetDirectoryName(path)}.", error);
        }
    }
}
