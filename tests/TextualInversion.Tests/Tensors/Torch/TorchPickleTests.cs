using System.Numerics;
using TextualInversion.Tensors.Torch;
using TextualInversion.Tests.Fixtures;
using static TextualInversion.Tests.Fixtures.TorchBytes;

namespace TextualInversion.Tests.Tensors.Torch;

/// <summary>The values of pickles.</summary>
public sealed class TorchPickleTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, object?> PlainValues =>
        new()
        {
            { "N", null },
            { "\u0088", true },
            { "\u0089", false },
            { "I01\n", true },
            { "I00\n", false },
            { "K\u00ff", 255L },
            { "M\u0000\u0001", 256L },
            { "J\u00ff\u00ff\u00ff\u00ff", -1L },
            { "I-7\n", -7L },
            { "L-7L\n", -7L },
            { "\u008a\u0000", 0L },
            { "\u008a\u0001\u00ff", -1L },
            { "\u008b\u0002\0\0\0\0\u0080", -32768L },
            { "\u008a\u0009\0\0\0\0\0\0\0\u0080\0", new BigInteger(9223372036854775808) },
            { "\u008a\u0008\0\0\0\0\0\0\0\u0080", long.MinValue },
            { "G\u003f\u00f8\0\0\0\0\0\0", 1.5 },
            { "F-1.5\n", -1.5 },
            { "Finf\n", double.PositiveInfinity },
            { "X\u0002\0\0\0\u00c3\u00a4", "ä" },
            { "\u008c\u0001a", "a" },
            { "\u008d\u0001\0\0\0\0\0\0\0a", "a" },
            { "T\u0001\0\0\0a", "a" },
            { "U\u0001a", "a" },
            { "S'it\\'s\\n\\x41'\n", "it's\nA" },
            { "S\"a\"\n", "a" },
            { "V\\u00e4\\U0001f431\\n\n", "ä🐱\\n" },
            { "C\u0001\u00ff", new byte[] { 255 } },
            { "B\u0001\0\0\0\u00ff", new byte[] { 255 } },
            { "\u008e\u0001\0\0\0\0\0\0\0\u00ff", new byte[] { 255 } },
            { ")", Array.Empty<object?>() },
            { "K\u0001\u0085", new object?[] { 1L } },
            { "K\u0001K\u0002\u0086", new object?[] { 1L, 2L } },
            { "K\u0001K\u0002K\u0003\u0087", new object?[] { 1L, 2L, 3L } },
            { "(K\u0001NtI2\n0", new object?[] { 1L, null } },
            { "]K\u0001a", new object?[] { 1L } },
            { "](K\u0001K\u0002e", new object?[] { 1L, 2L } },
            { "(K\u0001l", new object?[] { 1L } },
            { "\u008f(K\u0001\u0090", new object?[] { 1L } },
            { "(K\u0001\u0091", new object?[] { 1L } },
            { "c__builtin__\nset\n]K\u0001a\u0085R0K\u0005", 5L },
            { "K\u0001p5\n0g5\n", 1L },
            { "K\u0001q\u00050h\u0005", 1L },
            { "K\u0001r\u0005\0\0\00j\u0005\0\0\0", 1L },
            { "K\u0001\u00940h\0", 1L },
            { "K\u00012\u0086", new object?[] { 1L, 1L } },
            { "K\u0007(K\u0001K\u00021", 7L },
            { "\u0095\0\0\0\0\0\0\0\0K\u0001", 1L },
            { "\u0080\u0005K\u0001", 1L },
            { "ctorch\nSize\n(K\u0001K\u0002t\u0085R", new object?[] { 1L, 2L } },
        };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(PlainValues))]
    public void Open_PlainValue_IsRead(string pickle, object? expected) => Assert.Equal(expected, Root(pickle));

    [Fact]
    public void Open_Dictionaries_KeepOrderAndLastValue()
    {
        var root = Assert.IsType<PickledDict>(
            Root($"}}({Text("b")}K\u0001K\u0005K\u0002{Text("a")}K\u0003{Text("b")}K\u0004NK\u0007u")
        );
        Assert.Equal([new("b", 4L), new(5L, 2L), new("a", 3L)], root.ToArray());
        Assert.Equal(4L, root["b"]);
        Assert.Null(root["c"]);
    }

    [Fact]
    public void Open_DictionaryOfPython2_IsRead()
    {
        var root = Assert.IsType<PickledDict>(Root($"ccollections\nOrderedDict\n]]({Text("a")}K\u0001ea\u0085R"));
        Assert.Equal(1L, root["a"]);
    }

    [Fact]
    public void Open_ParameterDict_KeepsItsParameters()
    {
        var root = Root(
            "ctorch.nn.modules.container\nParameterDict\n)\u0081"
                + $"{Dictionary(("_parameters", Dictionary(("*", "K\u0007"))))}b"
        );
        var state = Assert.IsType<PickledDict>(Assert.IsType<PickledObject>(root).State);
        Assert.Equal(7L, Assert.IsType<PickledDict>(state["_parameters"])["*"]);
    }

    [Fact]
    public void Open_ClassWithItsSource_IsThatClass() => // legacy files store a module's class with its source
        Assert.Equal(
            new PickledGlobal("torch.nn.modules.container.ParameterDict"),
            Root(
                $"({Text("module")}ctorch.nn.modules.container\nParameterDict\n"
                    + $"{Text("container.py")}{Text("import os")}tQ"
            )
        );

    [Fact]
    public void Open_ValueThatContainsItself_IsRead()
    {
        var list = Assert.IsType<List<object?>>(Root("]q\u0000h\u0000a"));
        Assert.Same(list, Assert.Single(list));
    }

    [Fact]
    public void Open_DeeplyNested_IsRead() => Assert.IsType<object?[]>(Root($"N{new string('\u0085', 200_000)}"));

    [Fact]
    public void Open_ManyKeysThatWouldCollide_EndQuickly()
    {
        // (int)k ^ (int)(k >> 32) = 0
        var keys = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"{Number(((long)i << 32) | (uint)i)}N"));
        Assert.Equal(100_000, Assert.IsType<PickledDict>(Root($"}}({keys}u")).Count);
    }

    private object? Root(string pickle) => TorchPickle.Open(folder.Write("file.pt", Archive(pickle))).Root;
}
