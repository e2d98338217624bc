using System.Text;
using TextualInversion.Embeddings;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Embeddings;

/// <summary>Any trigger, any number and width of rows, any values, through every layout; and the rounding of numbers bit by bit.</summary>
public sealed class RoundTripTests : IDisposable
{
    private const int Cases = 60; // of each layout

    private readonly TemporaryFolder folder = new();

    public static TheoryData<EmbeddingLayout> Layouts => [.. Enum.GetValues<EmbeddingLayout>()];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Open_AnythingWritten_IsTheSame(EmbeddingLayout layout)
    {
        for (var seed = 0; seed < Cases; seed++)
        {
            var random = new Random(seed);
            using var written = Any(random, EmbeddingLayouts.Encoders(layout));
            var path = folder.File("my-cat" + EmbeddingLayouts.Extension(layout));
            EmbeddingFile.Write(path, layout, written, overwrite: true);
            using var read = EmbeddingFile.Open(path);
            Assert.Equal(layout, read.Layout);
            if (!EmbeddingLayouts.Losses(layout, path, written).Any(lost => lost.StartsWith("the trigger", StringComparison.Ordinal))) Assert.Equal(written.Trigger, read.Embedding.Trigger);
            foreach (var (expected, actual) in written.Rows.Zip(read.Embedding.Rows))
            {
                Assert.Equal(expected.shape, actual.shape);
                Assert.Equal(expected.bytes, actual.bytes);
            }
        }
    }

    /// <summary>All 65,536 upper halves of a float with lower halves around the ties.</summary>
    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void As_EveryKindOfNumber_IsRoundedToNearestEven(ScalarType type)
    {
        uint[] lower = [0, 1, 0x0fff, 0x1000, 0x1001, 0x2fff, 0x3000, 0x3001, 0x7fff, 0x8000, 0x8001, 0xffff];
        var values = Enumerable.Range(0, 1 << 16).SelectMany(upper => lower.Select(low => BitConverter.UInt32BitsToSingle(((uint)upper << 16) | low)))
            .Where(value => float.IsFinite(value) && Math.Abs(value) <= (type == ScalarType.Float16 ? 65504 : 3e38f)).ToArray();
        using var rows = tensor(values, [1, values.Length]);
        using var rounded = EmbeddingRows.As(rows, type);
        var expected = values.SelectMany(value => BitConverter.GetBytes(type == ScalarType.Float16 ? BitConverter.HalfToUInt16Bits((Half)value) : NearestEven(value))).ToArray();
        Assert.True(rounded.bytes.SequenceEqual(expected));
    }

    private static ushort NearestEven(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    private static LearnedEmbedding Any(Random random, int encoders)
    {
        var vectors = random.Next(1, 9);
        var rows = Enumerable.Range(0, encoders).Select(_ => Rows(random, vectors, random.Next(1, 40))).ToList();
        return new LearnedEmbedding(Trigger(random), rows, new Dictionary<string, string> { ["steps"] = random.Next().ToString(System.Globalization.CultureInfo.InvariantCulture), ["note"] = Trigger(random) });
    }

    /// <summary>Values of all magnitudes, zeros of both signs and subnormal numbers among them.</summary>
    private static Tensor Rows(Random random, int vectors, int width) =>
        tensor(Enumerable.Range(0, vectors * width).Select(_ => random.Next(8) switch
        {
            0 => 0f,
            1 => -0f,
            2 => float.Epsilon,
            3 => BitConverter.UInt32BitsToSingle((uint)random.Next(0, 0x7f000000)),
            _ => (float)((random.NextDouble() - 0.5) * 0.1),
        }).ToArray(), [vectors, width]);

    /// <summary>Letters of all planes, slashes, dots, quotes and control characters, mostly short and sometimes very long.</summary>
    private static string Trigger(Random random)
    {
        var text = new StringBuilder("<");
        for (var length = random.Next(8) == 0 ? random.Next(3000) : random.Next(12); length > 0; length--)
        {
            text.Append(random.Next(4) switch
            {
                0 => "/\\.:*?\"'|%\n\t\u0001\u007f"[random.Next(14)].ToString(),
                1 => new Rune(random.Next(0x1f300, 0x1f600)).ToString(),
                2 => new Rune(random.Next(0xa0, 0xd7ff)).ToString(),
                _ => ((char)random.Next('a', 'z' + 1)).ToString(),
            });
        }

        return text.Append('>').ToString();
    }
}
