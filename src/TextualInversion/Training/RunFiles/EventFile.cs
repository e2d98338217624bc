using Google.Protobuf;
using Tensorboard;
using TextualInversion.IO;

namespace TextualInversion.Training.RunFiles;

/// <summary>
/// The metrics of a run for TensorBoard, <c>tensorboard --logdir runs</c>: the same values as in
/// <see cref="MetricsFile"/>. The message types come with TorchSharp. Its own writer is not used: its times are whole
/// seconds, the first one is wrong, and it cannot append to a file.
/// </summary>
internal sealed class EventFile : IDisposable
{
    private const string Version = "brain.Event:2";

    private readonly string path;
    private readonly TimeProvider clock;
    private readonly FileStream stream;

    /// <param name="path">The file. Its name must contain <c>tfevents</c>. An existing file is replaced.</param>
    /// <param name="resumeFrom">
    /// The last step of the run to resume, whose events up to that step are kept. Null: a new run.
    /// </param>
    /// <param name="clock">Gives the time of each event.</param>
    /// <exception cref="TextualInversionException">The file cannot be written.</exception>
    public EventFile(string path, int? resumeFrom, TimeProvider clock)
    {
        this.path = path;
        this.clock = clock;
        SpecialFile.Refuse(path);
        stream = Guard(() =>
        {
            var kept = resumeFrom is { } last && File.Exists(path) ? Kept(File.ReadAllBytes(path), last) : [];
            if (kept.Count == 0)
                kept.Add(EventRecords.Frame(new Event { WallTime = Now(), FileVersion = Version }.ToByteArray()));
            AtomicFile.Write(path, overwrite: true, file => kept.ForEach(record => file.Write(record)));
            return new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        });
    }

    /// <summary>Writes the values of a step.</summary>
    /// <exception cref="TextualInversionException">The file cannot be written.</exception>
    public void Add(TrainProgress step)
    {
        var summary = new Summary();
        void Value(string tag, double? value)
        {
            if (value is { } known)
                summary.Value.Add(new Summary.Types.Value { Tag = tag, SimpleValue = (float)known });
        }

        Value("loss/training", step.Loss);
        Value("loss/validation", step.ValidationLoss);
        Value("loss/relative", step.RelativeLoss);
        Value("loss/held_out", step.HeldOutLoss);
        Value("learning_rate", step.LearningRate);
        Value("gradient_norm", step.GradientNorm);
        for (var row = 0; row < step.Norms.Count; row++)
        {
            Value($"norm/row_{row}", step.Norms[row]);
            Value($"drift/row_{row}", step.Drift[row]);
            if (step.Nearest is { } nearest)
                Value($"nearest_word_cosine/row_{row}", nearest[row].Cosine);
        }

        var record = EventRecords.Frame(
            new Event
            {
                WallTime = Now(),
                Step = step.Step,
                Summary = summary,
            }.ToByteArray()
        );
        Guard(() =>
        {
            stream.Write(record);
            return true;
        });
    }

    /// <summary>Passes all events so far to the operating system.</summary>
    /// <exception cref="TextualInversionException">The file cannot be written.</exception>
    public void Flush() =>
        Guard(() =>
        {
            stream.Flush();
            return true;
        });

    public void Dispose() =>
        Guard(() =>
        {
            stream.Dispose();
            return true;
        });

    private static List<byte[]> Kept(byte[] file, int last)
    {
        try
        {
            return
            [
                .. EventRecords
                    .Read(file)
                    .TakeWhile(record => Event.Parser.ParseFrom(record).Step <= last)
                    .Select(record => EventRecords.Frame(record)),
            ];
        }
        catch (InvalidProtocolBufferException)
        {
            return []; // another program's file; it starts anew, since the run does not depend on it
        }
    }

    private double Now() => clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    private T Guard<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Wrap(path, "written", error, hint: "choose another folder for the run");
        }
    }
}
