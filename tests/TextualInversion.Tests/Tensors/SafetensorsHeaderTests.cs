using System.Buffers.Binary;
using System.Text;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Tensors;

/// <summary>Headers that are malformed, or do not fit the file.</summary>
public sealed class SafetensorsHeaderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string FilePath => folder.File("file.safetensors");

    public void Dispose() => folder.Dispose();

    [Theory]
    // Longer than the file.
    [InlineData("""{"dtype": "F32", "shape": [2], "data_offsets": [0, 8000]}""", "a should end at byte ")]
    [InlineData(
        """{"dtype": "F32", "shape": [2], "data_offsets": [0, 9223372036854775807]}""",
        "a should end at byte "
    )]
    [InlineData(
        """{"dtype": "F32", "shape": [2], "data_offsets": [9223372036854775800, 9223372036854775807]}""",
        "a should end at byte "
    )]
    [InlineData("""{"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]}""", "a has the offsets [-8, 0]")]
    [InlineData("""{"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}""", "a has the offsets [8, 0]")]
    [InlineData("""{"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}""", "a of shape [3] does not take 8 bytes")]
    [InlineData("""{"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}""", "the entry of a is malformed")]
    [InlineData("""{"dtype": "F32", "shape": [-1, -2], "data_offsets": [0, 8]}""", "the entry of a is malformed")]
    [InlineData("""{"dtype": "F32", "shape": [-1, 0], "data_offsets": [0, 0]}""", "the entry of a is malformed")]
    [InlineData(
        """{"dtype": "F32", "shape": [4294967296, 4294967296], "data_offsets": [0, 0]}""",
        "the entry of a is malformed"
    )] // 2^64, which overflows to 0
    [InlineData(
        """{"dtype": "F32", "shape": [0, 4611686018427387904, 4], "data_offsets": [0, 0]}""",
        "the entry of a is malformed"
    )]
    [InlineData(
        """{"dtype": "F32", "shape": [99999999999999999999], "data_offsets": [0, 8]}""",
        "the entry of a is malformed"
    )]
    [InlineData("""{"dtype": "F32", "shape": [2.5], "data_offsets": [0, 8]}""", "the entry of a is malformed")]
    [InlineData("""{"dtype": "F32", "shape": 2, "data_offsets": [0, 8]}""", "the entry of a is malformed")]
    [InlineData("""{"dtype": "F32", "shape": [2], "data_offsets": [0]}""", "the entry of a is malformed")]
    [InlineData("""{"dtype": "F32", "shape": [2], "data_offsets": [0, 8, 16]}""", "the entry of a is malformed")]
    [InlineData("""{"dtype": "F32", "shape": [2]}""", "the entry of a is malformed")]
    [InlineData("""{"shape": [2], "data_offsets": [0, 8]}""", "the entry of a is malformed")]
    [InlineData("""{"dtype": 32, "shape": [2], "data_offsets": [0, 8]}""", "the entry of a is malformed")]
    [InlineData(
        """{"dtype": "F8_E4M3", "shape": [8], "data_offsets": [0, 8]}""",
        "a is of the type F8_E4M3, which is not supported"
    )]
    [InlineData("""{"dtype": "\ud800", "shape": [8], "data_offsets": [0, 8]}""", "the entry of a is malformed")]
    [InlineData("[]", "the entry of a is malformed")]
    [InlineData("null", "the entry of a is malformed")]
    public void Open_HeaderLies_NamesTheTensor(string entry, string message)
    {
        Write($$"""{"a": {{entry}} }""", 8);
        AssertBroken(message);
    }

    [Fact]
    public void Open_ValuesOf8Bits_SaysWhatToTakeInstead()
    {
        Write("""{"a": {"dtype": "F8_E4M3", "shape": [8], "data_offsets": [0, 8]}}""", 8);
        AssertBroken("a is of the type F8_E4M3, which is not supported; take the same file in 16 bits (fp16).");
    }

    [Theory]
    [InlineData("[0, 8]", "[4, 12]", "the bytes of b do not begin where those before it end")] // overlap
    [InlineData("[0, 8]", "[0, 8]", "the bytes of b do not begin where those before it end")]
    [InlineData("[0, 8]", "[12, 20]", "the bytes of b do not begin where those before it end")] // a hole
    [InlineData("[4, 12]", "[12, 20]", "the bytes of a do not begin where those before it end")]
    public void Open_TensorsDoNotFollowOneAnother_IsAnError(string first, string second, string message)
    {
        Write(
            $$"""
            {
              "a": {"dtype": "F32", "shape": [2], "data_offsets": {{first}} },
              "b": {"dtype": "F32", "shape": [2], "data_offsets": {{second}} }
            }
            """,
            20
        );
        AssertBroken(message);
    }

    [Theory]
    [InlineData("", "its header is not JSON")]
    [InlineData("{", "its header is not JSON")]
    [InlineData("tensors", "its header is not JSON")]
    [InlineData("[]", "its header is not an object")]
    [InlineData("7", "its header is not an object")]
    [InlineData("""{"\ud800": {}}""", "its header is not valid text")]
    [InlineData("""{"__metadata__": {"\ud800": ""}}""", "its header is not valid text")]
    [InlineData("""{"__metadata__": {"key": "\ud800"}}""", "its header is not valid text")]
    [InlineData(
        """
            {
              "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
              "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
            }
            """,
        "it names a twice"
    )]
    public void Open_HeaderIsBad_SaysHow(string header, string message)
    {
        Write(header, 8);
        AssertBroken(message);
    }

    [Fact]
    public void Open_DeeplyNestedHeader_IsAnError()
    {
        Write(new string('[', 1_000_000), 0);
        AssertBroken("its header is not JSON");
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData((ulong)long.MaxValue)]
    [InlineData(100_000_001)]
    public void Open_HeaderLengthLies_IsAnError(ulong length)
    {
        var content = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(content, length);
        folder.Write("file.safetensors", content);
        AssertBroken("its header should be longer than the file's 64 bytes");
    }

    [Theory]
    [InlineData("""{"__metadata__": {"key": 5, "other": "value"}}""")]
    [InlineData("""{"__metadata__": null}""")]
    [InlineData("{}   ")]
    public void Open_NoTensors_IsFine(string header)
    {
        Write(header, 0);
        Assert.Empty(SafetensorsFile.Open(FilePath).Tensors);
    }

    [Fact]
    public void Open_BytesAfterTheLastTensor_IsAnError()
    {
        Write("""{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}""", 12);
        AssertBroken("its tensors end 4 bytes before the file does");
    }

    private void Write(string header, int dataBytes)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var content = new byte[8 + text.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(content, text.Length);
        text.CopyTo(content, 8);
        folder.Write("file.safetensors", content);
    }

    private void AssertBroken(string why)
    {
        var error = Assert.Throws<TextualInversionException>(() => SafetensorsFile.Open(FilePath));
        Assert.StartsWith(
            $"{FilePath}: is not a whole safetensors file: {why}",
            error.Message,
            StringComparison.Ordinal
        );
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
    }
}
