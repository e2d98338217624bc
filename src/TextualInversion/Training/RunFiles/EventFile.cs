using Google.Protobuf;
using Tensorboard;
using TextualInversion.IO;

namespace TextualInversion.Training.RunFiles;

/// <summary>
/// The curves of a run as TensorBoard reads them, <c>tensorboard --logdir runs</c>: the same numbers as in <see
/// cref="MetricsFile"/>. The messages are
/// those that come with TorchSharp; its own writer gives times in whole seconds, a wrong first one, and cannot go on
/// with a file.
/// </summary>
internal sealed class EventFile : IDisposable
{
    private const string Version = "brain.Event:2";

    private readonly string path;
    private readonly TimeProvider clock;
    private readonly FileStream stream;

    /// <param name="path">replaced where it exists; its name must hold <c>tfevents</c></param>
    /// <param name="resumeFrom">the last step of a run that goes on, whose events up to there are kept; null for a new
    /// run</param>
    /// <param name="clock">each event holds the time at which it was written</param>
    /// <exception cref="TextualInversionException">The file cannot be written.</exception>
    public EventFile(string path, int? resumeFrom, TimeProvider clock)
    {
        this.path = path;
        this.clock = clock;
        stream = Guard(() =>
        {
            var kept = resumeFrom is { } last && File.Exists(path) ? Kept(File.ReadAllBytes(path), last) : [];
            if (kept.Count == 0)
                kept.Add(EventRecords.Frame(new Event { WallTime = Now(), FileVersion = Version }.ToByteArray()));
            AtomicFile.Write(path, overwrite: true, file => kept.ForEach(record => file.Write(record)));
            return new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        });
    }

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

    /// <summary>Hands all events so far to the system.</summary>
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
            return []; // of another program: begun anew, since the run itself does not need it
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
