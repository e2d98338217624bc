using System.Buffers.Binary;
using System.Text;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Tensors;

public sealed class SafetensorsFileTests : IDisposable
{
    private static readonly Dictionary<string, string> NoMetadata = [];

    private readonly TemporaryFolder folder = new();

    public static TheoryData<ScalarType> Types =>
        [
            ScalarType.Float64,
            ScalarType.Float32,
            ScalarType.Float16,
            ScalarType.BFloat16,
            ScalarType.Int64,
            ScalarType.Int32,
            ScalarType.Int16,
            ScalarType.Int8,
            ScalarType.Byte,
            ScalarType.Bool,
        ];

    private string FilePath => folder.File("file.safetensors");

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Types))]
    public void Write_EveryType_ReadsBackTheSame(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var matrix = tensor(new float[] { 0, 1, 2, 3, 100, 127 }).reshape(2, 3).to(type);
        SafetensorsFile.Write(
            FilePath,
            new Dictionary<string, Tensor> { ["matrix"] = matrix },
            NoMetadata,
            overwrite: false
        );

        var read = SafetensorsFile.Open(FilePath).Read("matrix");

        Assert.Equal(type, read.dtype);
        Assert.Equal([2L, 3], read.shape);
        Assert.Equal(matrix.bytes, read.bytes);
    }

    [Fact]
    public void Write_ScalarsEmptyAndStridedTensors_ReadBackTheSame()
    {
        using var scope = NewDisposeScope();
        var table = arange(24, ScalarType.Float32).reshape(4, 6);
        var tensors = new Dictionary<string, Tensor>
        {
            ["scalar"] = tensor(3.5f),
            ["empty"] = zeros(0, 768),
            ["transposed"] = table.t(),
            ["narrowed"] = table.narrow(0, 1, 2),
            ["learned"] = table.clone().requires_grad_(),
        };
        SafetensorsFile.Write(FilePath, tensors, NoMetadata, overwrite: false);

        var file = SafetensorsFile.Open(FilePath);

        Assert.Equal(tensors.Keys.Order(StringComparer.Ordinal), file.Tensors.Keys);
        foreach (var (name, expected) in tensors)
        {
            var read = file.Read(name);
            Assert.Equal(expected.shape, read.shape);
            Assert.Equal(expected.detach().contiguous().bytes, read.bytes);
        }
    }

    [Fact]
    public void Write_MixedTypes_PutsEveryTensorWhereItCanBeMapped_OrReadsACopy()
    {
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(
            FilePath,
            new Dictionary<string, Tensor> { ["a"] = tensor(new byte[] { 7 }), ["b"] = tensor(new[] { 1.5f, -2 }) },
            NoMetadata,
            overwrite: false
        );
        var file = SafetensorsFile.Open(FilePath);
        Assert.NotEqual(0, (new FileInfo(FilePath).Length - 2 * sizeof(float)) % sizeof(float)); // where b begins, last
        Assert.Equal([1.5f, -2], file.Read("b").data<float>().ToArray());
    }

    [Fact]
    public void Write_SameTensorsInAnotherOrder_GivesTheSameBytes()
    {
        using var scope = NewDisposeScope();
        Tensor a = ones(2),
            b = zeros(3);
        SafetensorsFile.Write(
            folder.File("1"),
            new Dictionary<string, Tensor> { ["a"] = a, ["b"] = b },
            NoMetadata,
            overwrite: false
        );
        SafetensorsFile.Write(
            folder.File("2"),
            new Dictionary<string, Tensor> { ["b"] = b, ["a"] = a },
            NoMetadata,
            overwrite: false
        );
        Assert.Equal(File.ReadAllBytes(folder.File("1")), File.ReadAllBytes(folder.File("2")));
    }

    [Fact]
    public void Write_AwkwardNames_ReadBackTheSame()
    {
        using var one = ones(1);
        var metadata = new Dictionary<string, string>
        {
            ["placeholder"] = "<my-cat>",
            ["🐱 \"quoted\""] = "line\nline\\\u2028",
            ["empty"] = "",
        };
        SafetensorsFile.Write(
            FilePath,
            new Dictionary<string, Tensor> { ["<my-cat> 🐱\"\n"] = one },
            metadata,
            overwrite: false
        );

        var file = SafetensorsFile.Open(FilePath);

        Assert.Equal(metadata, file.Metadata);
        Assert.Equal(["<my-cat> 🐱\"\n"], file.Tensors.Keys);
        Assert.Contains("<my-cat>", File.ReadAllText(FilePath), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_FileExists_Refuses()
    {
        folder.Write("file.safetensors", "old");
        Assert.Throws<TextualInversionException>(() =>
            SafetensorsFile.Write(FilePath, new Dictionary<string, Tensor>(), NoMetadata, overwrite: false)
        );
        Assert.Equal("old", File.ReadAllText(FilePath));
    }

    [Fact]
    public void Read_TensorOutlivesItsFile_KeepsItsValues()
    {
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(
            FilePath,
            new Dictionary<string, Tensor> { ["a"] = ones(4) },
            NoMetadata,
            overwrite: false
        );
        var read = SafetensorsFile.Open(FilePath).Read("a");
        File.Delete(FilePath);
        Assert.Equal([1f, 1, 1, 1], read.data<float>().ToArray());
    }

    [Fact]
    public void Read_ValuesChanged_LeavesTheFileAlone()
    {
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(
            FilePath,
            new Dictionary<string, Tensor> { ["a"] = ones(4) },
            NoMetadata,
            overwrite: false
        );
        var before = File.ReadAllBytes(FilePath);
        SafetensorsFile.Open(FilePath).Read("a").zero_();
        Assert.Equal(before, File.ReadAllBytes(FilePath));
    }

    [Fact]
    public void Read_UnknownName_NamesTheFileAndTheTensor()
    {
        Write("{}", 0);
        var error = Assert.Throws<TextualInversionException>(() => SafetensorsFile.Open(FilePath).Read("b"));
        Assert.Equal($"{FilePath}: has no tensor b.", error.Message);
    }

    [Fact]
    public void Open_TruncatedAnywhere_IsAnError()
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor> { ["a"] = ones(2, 3), ["b"] = tensor(new byte[] { 1, 2, 3 }) };
        SafetensorsFile.Write(
            FilePath,
            tensors,
            new Dictionary<string, string> { ["key"] = "value" },
            overwrite: false
        );
        var whole = File.ReadAllBytes(FilePath);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(FilePath, whole[..length]);
            AssertBroken("");
        }
    }

    [Fact]
    public void Open_BytesAfterTheLastTensor_IsAnError()
    {
        Write("""{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}""", 12);
        AssertBroken("its tensors end 4 bytes before the file does");
    }

    [Theory]
    // Longer than the file
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
    )] // 2^64 is 0
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
    [InlineData("", "it has less than 8 bytes")]
    [InlineData(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "it is a Git LFS pointer; fetch the real file with `git lfs pull`"
    )]
    [InlineData("<!DOCTYPE html><html></html>", "it is a web page; download the file itself")]
    [InlineData("\n<html><body></body></html>", "it is a web page; download the file itself")]
    [InlineData("PK\u0003\u0004 archive/data.pkl", "it is a zip archive (a torch pickle?)")]
    [InlineData(
        "some other text",
        "its header should be longer than the file's 15 bytes: it is truncated or another kind of file"
    )]
    public void Open_AnotherKindOfFile_SaysWhich(string content, string message)
    {
        folder.Write("file.safetensors", content);
        AssertBroken(message);
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

    [Fact]
    public void Open_NoSuchFile_NamesIt()
    {
        var error = Assert.Throws<TextualInversionException>(() => SafetensorsFile.Open(FilePath));
        Assert.StartsWith($"{FilePath}: cannot be read (", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_Folder_NamesIt()
    {
        var error = Assert.Throws<TextualInversionException>(() => SafetensorsFile.Open(folder.Path));
        Assert.StartsWith($"{folder.Path}: cannot be read (", error.Message, StringComparison.Ordinal);
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
