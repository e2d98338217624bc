using System.IO.Compression;
using TextualInversion.Tensors.Torch;
using TextualInversion.Tests.Fixtures;
using static TextualInversion.Tests.Fixtures.TorchBytes;

namespace TextualInversion.Tests.Tensors.Torch;

/// <summary>Broken and malicious torch files.</summary>
public sealed class MalformedTorchPickleTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string> Attacks =>
        new()
        {
            { "cos\nsystem\n(X\u0004\0\0\0echotR", "os.system" },
            { "cposix\nsystem\nX\u0004\0\0\0echo\u0085R", "posix.system" },
            { "cnt\nsystem\nX\u0004\0\0\0echo\u0085R", "nt.system" },
            { "c__builtin__\neval\n(X\u0004\0\0\0exittR", "builtins.eval" },
            { "cbuiltins\nexec\n(X\u0004\0\0\0exittR", "builtins.exec" },
            { "cbuiltins\ngetattr\n(cbuiltins\ndict\nX\u0003\0\0\0gettR", "builtins.getattr" },
            { "\u008c\u0002os\u008c\u0006system\u0093\u008c\u0004echo\u0085R", "os.system" },
            { "\u008c\u0005torch\u008c\u0012serialization.load\u0093)R", "torch.serialization.load" },
            { "(X\u0004\0\0\0echoios\nsystem\n", "os.system" },
            { "(cos\nsystem\nX\u0004\0\0\0echoo", "os.system" },
            { "csubprocess\nPopen\n(X\u0004\0\0\0echot\u0081", "subprocess.Popen" },
            { "csubprocess\nPopen\n)}\u0092", "subprocess.Popen" },
            { "ctorch.storage\n_load_from_bytes\nC\u0001a\u0085R", "torch.storage._load_from_bytes" },
            { "ctorch\nload\nX\u0004\0\0\0a.pt\u0085R", "torch.load" },
            { "cnumpy.testing._private.utils\nrunstring\n(tR", "numpy.testing._private.utils.runstring" },
            { "ctorch.jit.unsupported_tensor_ops\nexecWrapper\n(tR", "torch.jit.unsupported_tensor_ops.execWrapper" },
            { "coperator\nattrgetter\n(X\u0006\0\0\0systemtR", "operator.attrgetter" },
            { "cwebbrowser\nopen\n(tR", "webbrowser.open" },
            { $"}}X\u0001\0\0\0acos\nsystem\ns", "os.system" }, // only named, not called
            { "ccollections\nOrderedDict\n)R}X\u0009\0\0\0__class__cos\nsystem\nsb", "os.system" },
        };

    public static TheoryData<string, string> Malformed =>
        new()
        {
            { "", "it takes a value from an empty stack" },
            { "0", "it takes a value from an empty stack" },
            { "t", "it collects values without a mark" },
            { "K\u0001(\u0085", "it takes a value from an empty stack" },
            { "h\u0005", "it refers to its value 5, which does not exist" },
            { "K\u0001q\u00050h\u0004", "it refers to its value 4, which does not exist" },
            { "K\u0001r\u00ff\u00ff\u00ff\u00ff", "it numbers a value 4,294,967,295 after " },
            { "K\u0001pabc\n", "it numbers a value by something that is not a number" },
            { "K\u0001X\u0001\0\0\0aa", "it appends to something that is not a list" },
            { "K\u0001K\u0002K\u0003s", "it sets a key of something that is not a dictionary" },
            { "}(K\u0001u", "it sets a key without a value" },
            { "K\u0001)R", "it calls something that is not a function" },
            { "ctorch\nSize\nK\u0001R", "it calls torch.Size without arguments" },
            { "ctorch\nFloatStorage\n)R", "it calls torch.FloatStorage, which only stands for a type" },
            { "K\u0001K\u0002\u0093", "it names a class by something that is not a text" },
            { "K\u0001Q", "it refers to something outside that is not a storage" },
            {
                $"({Text("modules")}ctorch\nFloatStorage\n{Text("a")}{Text("b")}tQ",
                "it refers to something outside that is not a storage"
            },
            {
                $"({Text("storage")}ctorch\nSize\n{Text("0")}{Text("cpu")}K\u0001tQ",
                "it refers to something outside that is not a storage"
            },
            {
                $"({Text("storage")}ctorch\nFloatStorage\n{Text("0")}{Text("cpu")}J\u00ff\u00ff\u00ff\u00fftQ",
                "it refers to something outside that is not a storage"
            },
            { Storage("0", "FloatStorage", 1) + Storage("0", "FloatStorage", 2), "it gives its storage 0 two sizes" },
            { "Pstorage\n", "it refers to something outside by a line of text" },
            { "\u0082\u0001", "it asks for a class by a number" },
            { "\u0083\u0001\0", "it asks for a class by a number" },
            { "\u0084\u0001\0\0\0", "it asks for a class by a number" },
            { "\u0097", "it refers to buffers outside" },
            { "\u0080\u0006", "its pickle is of protocol 6" },
            { "\u00ff", "0xff, is not an opcode" },
            { "X\u00ff\u00ff\u00ff\u007fabc", "2,147,483,647 bytes should follow byte " },
            {
                "\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ffabc",
                "18,446,744,073,709,551,615 bytes should follow byte "
            },
            { "\u008b\0\0\0\u0001", "it holds an integer of 16,777,216 bytes" },
            { "I12x\n", "it holds an integer that cannot be read" },
            { $"L{new string('9', 500)}L\n", "it holds an integer that cannot be read" },
            { "Fx\n", "it holds a number that cannot be read" },
            { "Sabc\n", "it holds a text without quotes" },
            { "ctorch", "a line that begins at byte " },
            {
                "ccollections\nOrderedDict\nK\u0001\u0085R",
                "it makes a dictionary of something that is not a list of pairs"
            },
            {
                "ccollections\nOrderedDict\n]K\u0001a\u0085R",
                "it makes a dictionary of something that is not a list of pairs"
            },
            { "ctorch._utils\n_rebuild_tensor_v2\n(K\u0001tR", "it holds a tensor with malformed arguments" },
        };

    /// <summary>Offset, shape and strides that do not fit in a storage of 6 elements.</summary>
    public static TheoryData<long, long[], long[]> MisplacedTensors =>
        new()
        {
            { 0, [7], [1] },
            { 1, [6], [1] },
            { 0, [2, 3], [4, 1] },
            { 6, [1], [1] },
            { -1, [1], [1] },
            { 0, [2], [-1] },
            { 0, [-1], [1] },
            { 7, [0], [1] },
            { 0, [7], [0] },
            { 0, [1L << 40], [0] },
            { 0, [1L << 62, 1L << 62], [0, 0] },
            { 0, [2, 2], [long.MaxValue, long.MaxValue] },
            { long.MaxValue, [2], [1] },
            { 0, [0, 1L << 62, 1L << 62], [1, 1, 1] },
            { 0, [2], [1, 1] },
            { 0, [.. Enumerable.Repeat(1L, 65)], [.. Enumerable.Repeat(1L, 65)] },
        };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Open_AsksForCode_IsRefusedByName(string pickle, string name)
    {
        AssertError($"it asks for {name}", Archive(pickle));
        AssertError($"it asks for {name}", Legacy(pickle));
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Open_Malformed_SaysHow(string pickle, string why) => AssertError(why, Archive(pickle));

    [Theory]
    [MemberData(nameof(MisplacedTensors))]
    public void Open_TensorOutsideItsStorage_IsRefused(long offset, long[] shape, long[] strides) =>
        AssertError(
            "it holds a tensor ",
            Archive(Tensor("0", "FloatStorage", 6, offset, shape, strides), ("0", Floats(0, 1, 2, 3, 4, 5)))
        );

    [Fact]
    public void Open_StorageLiesAboutItsSize_SaysSo()
    {
        var pickle = Tensor("0", "FloatStorage", 6, 0, [6], [1]);
        AssertError("its storage 0 should take 24 bytes and takes 20.", Archive(pickle, ("0", Floats(0, 1, 2, 3, 4))));
        AssertError(
            "its storage 0 should take 24 bytes and takes 28.",
            Archive(pickle, ("0", Floats(0, 1, 2, 3, 4, 5, 6)))
        );
        AssertError("it lacks its storage 0: it is incomplete.", Archive(pickle));
        AssertError("its storage 0 does not have the 6 elements", Legacy(pickle, ("0", 6, Floats(0, 1, 2, 3, 4))));
        AssertError("its storage 0 does not have the 6 elements", Legacy(pickle, ("0", 5, Floats(0, 1, 2, 3, 4))));
        AssertError("it lacks its storage 0: it is incomplete.", Legacy(pickle));
        AssertError(
            "it lists a storage twice or one that it does not use.",
            Legacy(pickle, ("0", 6, Floats(0, 1, 2, 3, 4, 5)), ("1", 0, []))
        );
        AssertError(
            "its storage 0 should take 18",
            Archive(Tensor("0", "DoubleStorage", long.MaxValue / 4, 0, [1], [1]), ("0", Floats(0, 1)))
        );
    }

    [Fact]
    public void Open_Bombs_EndQuickly()
    {
        AssertError("its pickle takes more than 4,000,000 steps", Archive(new string('2', 5_000_000).Insert(0, "N")));
        // A list of a million pairs, made into dictionaries again and again.
        var pairs = $"](K\u0001K\u0002\u0086q\0{string.Concat(Enumerable.Repeat("h\0", 1_000_000))}e";
        AssertError(
            "its pickle takes more than 4,000,000 steps",
            Archive(
                $"{pairs}q\u0001{string.Concat(Enumerable.Repeat("0ccollections\nOrderedDict\nh\u0001\u0085R", 100))}"
            )
        );
        // Each tuple holds the one before twice: a thousand tuples with 2^1000 paths.
        Assert.Equal(2, Assert.IsType<object?[]>(Root($"N{string.Concat(Enumerable.Repeat("2\u0086", 1000))}")).Length);
    }

    [Theory]
    [InlineData(
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 4265380512\n",
        "it is a Git LFS pointer; fetch the real file with `git lfs pull`."
    )]
    [InlineData("<!DOCTYPE html><html>", "it is a web page; download the file itself.")]
    [InlineData("", "it is empty; download it again.")]
    [InlineData("{\"a\": 1}", "it begins neither as a zip archive nor as a pickle: it is another kind of file.")]
    [InlineData("\u0080\u0002K\u0001.", "it is a pickle that torch.save did not write.")]
    [InlineData("\u0080\u0002", "1 bytes should follow byte 2 of its pickle, 0 do.")]
    public void Open_AnotherKindOfFile_SaysWhich(string content, string why) => AssertError(why, Bytes(content));

    [Fact]
    public void Open_OtherZipArchives_SaysSo()
    {
        AssertError(
            "it is a zip archive that torch.save did not write; unpack it and name the file inside.",
            Zip([("model.ckpt", [1, 2, 3])])
        );
        AssertError(
            "it is a TorchScript program, not a file of weights.",
            Zip([("a/data.pkl", Bytes("N.")), ("a/constants.pkl", Bytes("N."))])
        );
        AssertError("its values are big-endian", Zip([("a/data.pkl", Bytes("N.")), ("a/byteorder", Bytes("big"))]));
        AssertError(
            "the zip archive names a file outside its own folder",
            Zip([("a/data.pkl", Bytes("N.")), ("a/../../b", [])])
        );
        AssertError(
            "the zip archive names a file outside its own folder",
            Zip([("a/data.pkl", Bytes("N.")), ("/etc/passwd", [])])
        );
        AssertError(
            "the zip archive holds two files of one name",
            Zip([("a/data.pkl", Bytes("N.")), ("a/data.pkl", Bytes("N."))])
        );
        AssertError("expands from ", Zip([("a/data.pkl", new byte[30_000_000])], CompressionLevel.SmallestSize));
        AssertError(
            "a/data.pkl in the zip archive takes 40,000,000 bytes, more than 33,554,432.",
            Zip([("a/data.pkl", new byte[40_000_000])])
        );
    }

    [Fact]
    public void Open_BigEndianLegacyFile_SaysSo() =>
        AssertError(
            "its values are big-endian",
            Bytes(
                System
                    .Text.Encoding.Latin1.GetString(Legacy("N"))
                    .Replace("little_endian\u0088", "little_endian\u0089", StringComparison.Ordinal)
            )
        );

    [Fact]
    public void Open_TruncatedAnywhere_IsRefused()
    {
        var pickle = Dictionary(("x", Tensor("0", "FloatStorage", 6, 0, [6], [1])));
        foreach (
            var whole in new[]
            {
                Archive(pickle, ("0", Floats(0, 1, 2, 3, 4, 5))),
                Legacy(pickle, ("0", 6, Floats(0, 1, 2, 3, 4, 5))),
            }
        )
            for (var length = 0; length < whole.Length; length++)
                AssertError("", whole[..length]);
    }

    private object? Root(string pickle) => TorchPickle.Open(folder.Write("file.pt", Archive(pickle))).Root;

    private void AssertError(string why, byte[] content)
    {
        var path = folder.Write("file.pt", content);
        var error = Assert.Throws<TextualInversionException>(() => TorchPickle.Open(path)).Message;
        Assert.StartsWith($"{path}: is not a torch file that can be read: ", error, StringComparison.Ordinal);
        Assert.Contains(why, error, StringComparison.Ordinal);
    }
}
