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
        // The last tensor, b,, begins here.
        Assert.NotEqual(0, (new FileInfo(FilePath).Length - 2 * sizeof(float)) % sizeof(float));
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
        SafetensorsFile.Write(FilePath, new Dictionary<string, Tensor>(), NoMetadata, overwrite: false);
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
