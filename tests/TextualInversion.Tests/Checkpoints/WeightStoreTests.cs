using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using TextualInversion.Checkpoints;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Checkpoints;

public sealed class WeightStoreTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string FilePath => folder.File("file.safetensors");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Take_ByPath_GivesTheTensorInTheTypeAskedFor(ScalarType type)
    {
        using var store = Store(Values("blocks.0.weight", 1, 2, 3), type);
        var weight = (store.Root / "blocks" / 0).Take("weight", 3);
        Assert.Equal(type, weight.dtype);
        using var values = weight.to(ScalarType.Float32);
        Assert.Equal([1f, 2, 3], values.data<float>().ToArray());
    }

    [Fact]
    public void Take_InsideADisposeScope_OutlivesIt()
    {
        using var store = Store(Values("weight", 1, 2, 3));
        Tensor weight;
        using (NewDisposeScope())
            weight = store.Root.Take("weight", 3);
        Assert.Equal([1f, 2, 3], weight.data<float>().ToArray());
    }

    [Fact]
    public void Take_Twice_GivesTheSameTensor()
    {
        using var store = Store(Values("weight", 1));
        Assert.Same(store.Root.Take("weight", 1), store.Root.Take("weight", 1));
    }

    [Fact]
    public void Take_SeveralTensorsOfTheFilesType_MapsTheFileOnce()
    {
        using var store = Store(Values("a", 1), Values("b", 2), Values("c", 3));
        foreach (var name in new[] { "a", "b", "c" })
            store.Root.Take(name, 1);

        if (OperatingSystem.IsLinux())
            Assert.Single(File.ReadLines("/proc/self/maps"), line => line.EndsWith(FilePath, StringComparison.Ordinal));
    }

    [Fact]
    public void Take_FileBehindALinkOfACache_GivesTheTensor()
    {
        using var target = Store(Values("weight", 1, 2, 3));
        var link = folder.File("link.safetensors");
        File.CreateSymbolicLink(link, FilePath);
        using var store = new WeightStore(SafetensorsFile.Open(link), ScalarType.Float32, CPU, name => name);

        Assert.Equal([1f, 2, 3], store.Root.Take("weight", 3).data<float>().ToArray());
    }

    [Fact]
    public void Take_TensorThatChangesAndChangesBack_HasTheFilesValuesAgain()
    {
        using var first = Store(Values("weight", 1, 2), Values("other", 3));
        var file = new ChangingFile(SafetensorsFile.Open(FilePath));
        using var store = new WeightStore(file, ScalarType.Float32, CPU, name => name);
        var (weight, other) = (store.Root.Take("weight", 2), store.Root.Take("other", 1));

        file.Change("weight", isDoubled: true);
        Assert.Equal([2f, 4], weight.data<float>().ToArray());
        file.Change("weight", isDoubled: false);

        Assert.Equal([1f, 2], weight.data<float>().ToArray());
        Assert.Equal(3f, other.item<float>());
    }

    [Fact]
    public void Take_Missing_NamesFileKeyAndShape()
    {
        using var store = Store(Values("weight", 1));
        var error = Assert.Throws<TextualInversionException>(() => (store.Root / "conv_in").Take("bias", 4, 3));
        Assert.Equal(
            $"{FilePath}: lacks the tensor conv_in.bias, of shape [4, 3]; the file is incomplete or does not "
                + $"belong to its config.json.",
            error.Message
        );
    }

    [Fact]
    public void Take_AnotherShape_NamesBoth()
    {
        using var store = Store(Values("weight", 1, 2, 3));
        var error = Assert.Throws<TextualInversionException>(() => store.Root.Take("weight", 3, 1));
        Assert.Equal(
            $"{FilePath}: weight has the shape [3], expected [3, 1]; the file does not belong to its config.json.",
            error.Message
        );
    }

    [Theory]
    [InlineData(float.NaN, ScalarType.Float32)]
    [InlineData(float.NaN, ScalarType.BFloat16)]
    [InlineData(float.PositiveInfinity, ScalarType.Float32)]
    [InlineData(float.NegativeInfinity, ScalarType.BFloat16)]
    public void Take_ValuesThatAreNoNumbers_NamesTheTensor(float value, ScalarType type)
    {
        using var store = Store(Values("weight", [.. Enumerable.Repeat(1f, 100), value]), type);
        var error = Assert.Throws<TextualInversionException>(() => store.Root.Take("weight", 101));
        Assert.Equal(
            $"{FilePath}: weight contains NaN or infinity; the file is damaged or its training failed; download "
                + $"it again.",
            error.Message
        );
    }

    [Fact]
    public void Contains_OnlyWhatIsThere()
    {
        using var store = Store(Values("attn.weight", 1));
        Assert.True((store.Root / "attn").Contains("weight"));
        Assert.False((store.Root / "attn").Contains("bias"));
    }

    [Fact]
    public void RequireAllTaken_LeftOver_NamesTheFirst()
    {
        using var store = Store(Values("b", 1), Values("a", 1), Values("c", 1));
        store.Root.Take("b", 1);
        var error = Assert.Throws<TextualInversionException>(store.RequireAllTaken);
        Assert.Equal(
            $"{FilePath}: holds 2 tensors that the network described by config.json does not have, the first is "
                + $"a; the two do not belong together.",
            error.Message
        );
    }

    [Fact]
    public void RequireAllTaken_AllTakenOrDroppedByName_IsFine()
    {
        using var store = Store(
            name => name == "position_ids" ? null : name,
            Values("weight", 1),
            Values("position_ids", 1)
        );
        store.Root.Take("weight", 1);
        store.RequireAllTaken();
    }

    [Fact]
    public void Take_OldName_IsFoundUnderTheNewOne()
    {
        using var store = Store(
            name => name.Replace("query", "to_q", StringComparison.Ordinal),
            Values("query.weight", 1)
        );
        (store.Root / "to_q").Take("weight", 1);
        store.RequireAllTaken();
    }

    [Fact]
    public void Constructor_OldAndNewNameInOneFile_NamesBoth()
    {
        var error = Assert.Throws<TextualInversionException>(() =>
            Store(
                name => name.Replace("query", "to_q", StringComparison.Ordinal),
                Values("query.weight", 1),
                Values("to_q.weight", 1)
            )
        );
        Assert.Equal(
            $"{FilePath}: holds query.weight and to_q.weight, which are the same tensor; the file does not "
                + $"belong to its config.json.",
            error.Message
        );
    }

    [Fact]
    public void Hash_SameValuesInAnotherFile_IsTheSame()
    {
        var first = Hash(Values("a", 1, 2), Values("b", 3));
        Assert.Equal(first, Hash(Values("b", 3), Values("a", 1, 2)));
        Assert.Matches("^[0-9a-f]{64}$", first);
    }

    [Theory]
    [InlineData("a", new[] { 1f, 2.0000002f })] // one bit
    [InlineData("a", new[] { 2f, 1f })]
    [InlineData("c", new[] { 1f, 2f })]
    [InlineData("a", new[] { 1f, 2f, 0f })]
    public void Hash_OneThingChanged_IsAnother(string name, float[] values) =>
        Assert.NotEqual(Hash(Values("a", 1, 2), Values("b", 3)), Hash(Values(name, values), Values("b", 3)));

    [Fact]
    public void Hash_AnotherType_IsAnother() =>
        Assert.NotEqual(Hash(ScalarType.Float32, Values("a", 0, 0)), Hash(ScalarType.BFloat16, Values("a", 0, 0)));

    [Fact]
    public void Hash_TensorHashedInPieces_CoversItsLastValue()
    {
        var values = new float[(1 << 20) + 3];
        var first = Hash(Values("a", values));
        values[^1] = 1;
        Assert.NotEqual(first, Hash(Values("a", values)));
        var bytes = MemoryMarshal.AsBytes(values.AsSpan());
        byte[] tensor = [.. SHA256.HashData([.. Encoding.UTF8.GetBytes($"a Float32 [{values.Length}]"), .. bytes])];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(tensor)), Hash(Values("a", values)));
    }

    private static (string Name, float[] Values) Values(string name, params float[] values) => (name, values);

    private string Hash(params (string Name, float[] Values)[] tensors) => Hash(ScalarType.Float32, tensors);

    private string Hash(ScalarType type, params (string Name, float[] Values)[] tensors)
    {
        using var store = Store(name => name, type, tensors);
        foreach (var (name, values) in tensors)
            store.Root.Take(name, values.Length);
        return store.Hash();
    }

    private WeightStore Store(params (string Name, float[] Values)[] tensors) =>
        Store(name => name, ScalarType.Float32, tensors);

    private WeightStore Store((string Name, float[] Values) only, ScalarType type) => Store(name => name, type, [only]);

    private WeightStore Store(Func<string, string?> rename, params (string Name, float[] Values)[] tensors) =>
        Store(rename, ScalarType.Float32, tensors);

    private WeightStore Store(Func<string, string?> rename, ScalarType type, (string Name, float[] Values)[] tensors)
    {
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(
            FilePath,
            tensors.ToDictionary(pair => pair.Name, pair => tensor(pair.Values)),
            new Dictionary<string, string>(),
            overwrite: true
        );
        return new WeightStore(SafetensorsFile.Open(FilePath), type, CPU, rename);
    }

    /// <summary>A file whose tensors are doubled on request, as a LoRA changes them.</summary>
    private sealed class ChangingFile(ITensorFile file) : IChangingTensors
    {
        private bool isDoubled;

        public event Action<IReadOnlyCollection<string>>? Changed;

        public string FilePath => file.FilePath;

        public IReadOnlyDictionary<string, TensorEntry> Tensors => file.Tensors;

        public Tensor Read(string name, KeptMappings? kept = null)
        {
            using var scope = NewDisposeScope();
            var values = file.Read(name, kept);
            return (isDoubled ? values * 2 : values).MoveToOuterDisposeScope();
        }

        public void Change(string name, bool isDoubled)
        {
            this.isDoubled = isDoubled;
            Changed?.Invoke([name]);
        }
    }
}
