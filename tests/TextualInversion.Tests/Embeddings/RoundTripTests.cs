using FsCheck.Xunit;
using TextualInversion.Embeddings;
using TextualInversion.Tensors;
using TextualInversion.Tensors.Torch;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Embeddings;

/// <summary>
/// Round trips of any placeholder token, name, vectors and values through every layout in every type, and the rounding
/// of values bit by bit.
/// </summary>
[Properties(Arbitrary = [typeof(Arbitraries)], MaxTest = 200)]
public sealed class RoundTripTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Property]
    public void Open_AnythingWritten_IsTheSame(EmbeddingFormat layout, EmbeddingType type, AnyEmbedding any)
    {
        using var given = any.Embedding(EmbeddingFormats.Encoders(layout));
        using var written = Rounded(given, type); // values that the type can hold, so that they return bit by bit
        var path = folder.File("my-cat" + EmbeddingFormats.Extension(layout));

        EmbeddingFile.Write(path, layout, written, overwrite: true, (ScalarType)type);

        using EmbeddingFile read = EmbeddingFile.Open(path),
            inMemory = EmbeddingFile.Open("my-cat", File.ReadAllBytes(path));
        Assert.Equal(
            (layout, layout == EmbeddingFormat.Png ? ScalarType.Float32 : (ScalarType)type),
            (read.Layout, read.Type)
        );
        foreach (var (expected, actual, copy) in written.Rows.Zip(read.Embedding.Rows, inMemory.Embedding.Rows))
        {
            Assert.Equal(expected.shape, actual.shape);
            Assert.Equal(expected.bytes, actual.bytes);
            Assert.Equal(expected.bytes, copy.bytes);
        }

        var lost = EmbeddingFormats.DroppedFields(layout, path, written);
        if (!lost.Contains($"the trigger {written.Trigger}"))
            Assert.Equal(written.Trigger, read.Embedding.Trigger);
        if (layout is EmbeddingFormat.Diffusers or EmbeddingFormat.Sdxl or EmbeddingFormat.WebUiSafetensors)
            Assert.Equal(written.Name, read.Embedding.Name);
        foreach (var (key, value) in written.Provenance.Where(note => !lost.Contains(note.Key)))
            Assert.Equal(value, read.Embedding.Provenance[key]);
    }

    [Property]
    public void Write_TheSameAgain_GivesTheSameBytes(EmbeddingFormat layout, AnyEmbedding any)
    {
        using var embedding = any.Embedding(EmbeddingFormats.Encoders(layout));
        string first = folder.File("a" + EmbeddingFormats.Extension(layout)),
            second = folder.File("b" + EmbeddingFormats.Extension(layout));

        foreach (var path in new[] { first, second })
            EmbeddingFile.Write(path, layout, embedding, overwrite: true);

        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
    }

    [Property]
    public void Open_TensorsOfAnyTypeAndShape_AreTheSame(Dictionary<AnyText, AnyTensor> any)
    {
        using var scope = NewDisposeScope();
        var tensors = any.Where(pair => pair.Key.Value != "__metadata__")
            .DistinctBy(pair => pair.Key.Value)
            .ToDictionary(pair => pair.Key.Value, pair => pair.Value.Tensor());
        if (tensors.Count == 0)
            return; // a torch file without tensors is not an embedding

        SafetensorsFile.Write(folder.File("x"), tensors, new Dictionary<string, string>(), overwrite: true);
        AssertSame(SafetensorsFile.Open(folder.File("x")), tensors);
        TorchSave.Write(
            folder.File("x"),
            tensors.ToDictionary(pair => pair.Key, pair => (object?)pair.Value),
            overwrite: true
        );
        AssertSame(TorchFile.Open(folder.File("x")), tensors);
    }

    /// <summary>All 65,536 upper halves of a float, with lower halves around the ties.</summary>
    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void As_EveryKindOfNumber_IsRoundedToNearestEven(ScalarType type)
    {
        uint[] lower = [0, 1, 0x0fff, 0x1000, 0x1001, 0x2fff, 0x3000, 0x3001, 0x7fff, 0x8000, 0x8001, 0xffff];
        var values = Enumerable
            .Range(0, 1 << 16)
            .SelectMany(upper => lower.Select(low => BitConverter.UInt32BitsToSingle(((uint)upper << 16) | low)))
            .Where(value => float.IsFinite(value) && Math.Abs(value) <= (type == ScalarType.Float16 ? 65504 : 3e38f))
            .ToArray();
        using var rows = tensor(values, [1, values.Length]);
        using var rounded = EmbeddingRows.As(rows, type);
        var expected = values
            .SelectMany(value =>
                BitConverter.GetBytes(
                    type == ScalarType.Float16 ? BitConverter.HalfToUInt16Bits((Half)value) : NearestEven(value)
                )
            )
            .ToArray();
        Assert.True(rounded.bytes.SequenceEqual(expected));
    }

    private static ushort NearestEven(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    private static void AssertSame(ITensorFile file, Dictionary<string, Tensor> tensors)
    {
        Assert.Equal(tensors.Keys.Order(StringComparer.Ordinal), file.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, expected) in tensors)
        {
            using var actual = file.Read(name);
            Assert.Equal(
                (expected.dtype, string.Join(' ', expected.shape)),
                (actual.dtype, string.Join(' ', actual.shape))
            );
            Assert.Equal(expected.bytes, actual.bytes);
        }
    }

    private static LearnedEmbedding Rounded(LearnedEmbedding embedding, EmbeddingType type) =>
        embedding with
        {
            Rows =
            [
                .. embedding.Rows.Select(rows =>
                    rows.clamp(-60_000, 60_000).to((ScalarType)type).to(ScalarType.Float32)
                ),
            ],
        };
}
