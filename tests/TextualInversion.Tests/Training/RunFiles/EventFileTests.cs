using System.Buffers.Binary;
using System.Text;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Tests.Training.RunFiles;

public sealed class EventFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string File => folder.File("events.out.tfevents.ti");

    public void Dispose() => folder.Dispose();

    /// <summary>
    /// Encoded by hand from event.proto and summary.proto. Event: wall_time = 1 as double, step = 2 as varint,
    /// file_version = 3 as string, summary = 5. Summary: value = 1; in it tag = 1 and simple_value = 2 (float).
    /// </summary>
    [Fact]
    public void Add_OneStep_IsWhatTheProtocolSays()
    {
        using (var events = new EventFile(File, resumeFrom: null, new FixedClock(1.5)))
            events.Add(
                new TrainProgress
                {
                    Step = 300,
                    Steps = 300,
                    Loss = 0.5,
                    Norms = [],
                    Drift = [],
                    Rows = [],
                }
            );

        byte[] version = [0x09, .. BitConverter.GetBytes(1.5), 0x1A, 13, .. "brain.Event:2"u8];
        byte[] value = [0x0A, 13, .. "loss/training"u8, 0x15, .. BitConverter.GetBytes(0.5f)];
        byte[] step =
        [
            0x09,
            .. BitConverter.GetBytes(1.5),
            0x10,
            0xAC,
            0x02,
            0x2A,
            (byte)(value.Length + 2),
            0x0A,
            (byte)value.Length,
            .. value,
        ];
        Assert.Equal([.. EventRecords.Frame(version), .. EventRecords.Frame(step)], System.IO.File.ReadAllBytes(File));
    }

    [Fact]
    public void Add_WholeStep_HasATagForEachNumber()
    {
        using (var events = new EventFile(File, resumeFrom: null, TimeProvider.System))
            events.Add(Step(4));

        Assert.Equal(
            [
                "loss/training 0.25",
                "loss/validation 0.125",
                "loss/held_out 0.375",
                "learning_rate 0.5",
                "gradient_norm 2",
                "norm/row_0 1",
                "drift/row_0 3",
                "nearest_word_cosine/row_0 0.75",
                "norm/row_1 2",
                "drift/row_1 4",
                "nearest_word_cosine/row_1 0.875",
            ],
            Decode()[1].Values
        );
    }

    [Fact]
    public void Open_Resumed_NeitherLosesNorRepeatsAStep()
    {
        Write(resumeFrom: null, 0, 1, 2, 3);
        Write(resumeFrom: 2, 3, 4);

        Assert.Equal([0L, 0, 1, 2, 3, 4], Decode().Select(record => record.Step)); // the first is the version
    }

    [Fact]
    public void Open_ResumedAfterAKill_DropsTheRecordThatIsNotWhole()
    {
        Write(resumeFrom: null, 0, 1, 2);
        using (var stream = System.IO.File.OpenWrite(File))
            stream.SetLength(stream.Length - 3);
        Write(resumeFrom: 1, 2);

        Assert.Equal([0L, 0, 1, 2], Decode().Select(record => record.Step));
    }

    [Fact]
    public void Open_Resumed_KeepsTheTimesOfThoseBefore()
    {
        using (var events = new EventFile(File, resumeFrom: null, new FixedClock(10)))
            events.Add(Step(1));
        using (var events = new EventFile(File, resumeFrom: 1, new FixedClock(20)))
            events.Add(Step(2));

        Assert.Equal([10.0, 10, 20], Decode().Select(record => record.WallTime));
    }

    [Fact]
    public void Open_NewRun_ForgetsTheOneBefore()
    {
        Write(resumeFrom: null, 0, 1, 2);
        Write(resumeFrom: null, 0);

        Assert.Equal([0L, 0], Decode().Select(record => record.Step));
    }

    [Theory]
    [InlineData("no records")]
    [InlineData("")]
    public void Open_ResumedWithAnotherKindOfFile_BeginsAnew(string content)
    {
        System.IO.File.WriteAllText(File, content);
        Write(resumeFrom: 1, 2);

        Assert.Equal([0L, 2], Decode().Select(record => record.Step));
    }

    [Fact]
    public void Open_ResumedWithAFileThatIsGone_BeginsAnew()
    {
        Write(resumeFrom: 1, 2);

        Assert.Equal([0L, 2], Decode().Select(record => record.Step));
    }

    [Fact]
    public void Open_NoFolderCanBeThere_IsNamed()
    {
        folder.Write("file", "");
        var path = Path.Combine(folder.File("file"), "events");

        var error = Assert.Throws<TextualInversionException>(() =>
            new EventFile(path, resumeFrom: null, TimeProvider.System)
        );
        Assert.Contains($"{path}: cannot be written", error.Message);
    }

    private static TrainProgress Step(int step) =>
        new()
        {
            Step = step,
            Steps = 9,
            Loss = 0.25,
            ValidationLoss = 0.125,
            HeldOutLoss = 0.375,
            LearningRate = 0.5,
            GradientNorm = 2,
            Norms = [1, 2],
            Drift = [3, 4],
            Nearest = [new NearWord("cat", 0.75), new NearWord("a", 0.875)],
            Rows = [],
        };

    private void Write(int? resumeFrom, params int[] steps)
    {
        using var events = new EventFile(File, resumeFrom, TimeProvider.System);
        foreach (var step in steps)
            events.Add(Step(step));
    }

    /// <summary>
    /// Reads the file without the library, following https://protobuf.dev/programming-guides/encoding.
    /// </summary>
    private List<(double WallTime, long Step, List<string> Values)> Decode()
    {
        var file = System.IO.File.ReadAllBytes(File);
        var records = new List<(double, long, List<string>)>();
        for (var at = 0; at < file.Length; )
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            var fields = Fields(file[(at + 12)..(at + 12 + length)]);
            var time = BitConverter.ToDouble(fields.Single(field => field.Number == 1).Bytes);
            var step = fields
                .Where(field => field.Number == 2)
                .Select(field => BitConverter.ToInt64(field.Bytes))
                .SingleOrDefault();
            var values = fields
                .Where(field => field.Number == 5)
                .SelectMany(summary => Fields(summary.Bytes))
                .Select(value => Fields(value.Bytes));
            records.Add(
                (
                    time,
                    step,
                    [
                        .. values.Select(value =>
                        {
                            var tag = Encoding.UTF8.GetString(value.Single(field => field.Number == 1).Bytes);
                            var scalar = BitConverter.ToSingle(value.Single(field => field.Number == 2).Bytes);
                            return FormattableString.Invariant($"{tag} {scalar}");
                        }),
                    ]
                )
            );
            at += length + 16;
        }

        return records;
    }

    private static List<(int Number, byte[] Bytes)> Fields(byte[] message)
    {
        var fields = new List<(int, byte[])>();
        for (var at = 0; at < message.Length; )
        {
            var tag = Varint(message, ref at);
            byte[] bytes = (tag & 7) switch
            {
                0 => BitConverter.GetBytes(Varint(message, ref at)),
                1 => Take(message, 8, ref at),
                2 => Take(message, (int)Varint(message, ref at), ref at),
                5 => Take(message, 4, ref at),
                _ => throw new FormatException(),
            };
            fields.Add(((int)(tag >> 3), bytes));
        }

        return fields;
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        for (var (value, shift) = (0ul, 0); ; shift += 7)
        {
            value |= (ulong)(message[at] & 0x7F) << shift;
            if (message[at++] < 0x80)
                return value;
        }
    }

    private static byte[] Take(byte[] message, int count, ref int at)
    {
        at += count;
        return message[(at - count)..at];
    }

    private sealed class FixedClock(double seconds) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddSeconds(seconds);
    }
}
