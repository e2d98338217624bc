using System.IO.Compression;
using System.Text.Json;
using TextualInversion.Tensors.Torch;
using TextualInversion.Tests.Fixtures;
using static TextualInversion.Tests.Fixtures.TorchBytes;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Tensors.Torch;

public sealed class TorchFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>Storage classes, with the bytes of the values 1 and 2.</summary>
    public static TheoryData<string, ScalarType, byte[]> Types =>
        new()
        {
            { "DoubleStorage", ScalarType.Float64, [.. BitConverter.GetBytes(1.0), .. BitConverter.GetBytes(2.0)] },
            { "FloatStorage", ScalarType.Float32, Floats(1, 2) },
            { "HalfStorage", ScalarType.Float16, [0, 0x3c, 0, 0x40] },
            { "BFloat16Storage", ScalarType.BFloat16, [0x80, 0x3f, 0, 0x40] },
            { "LongStorage", ScalarType.Int64, [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0] },
            { "IntStorage", ScalarType.Int32, [1, 0, 0, 0, 2, 0, 0, 0] },
            { "ShortStorage", ScalarType.Int16, [1, 0, 2, 0] },
            { "CharStorage", ScalarType.Int8, [1, 2] },
            { "ByteStorage", ScalarType.Byte, [1, 2] },
        };

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("Category", Goldens.Category)]
    public void Read_GoldenCheckpoint_EqualsItsSafetensors()
    {
        using var scope = NewDisposeScope();
        var expected = Goldens.Open(Path.Combine("models", "sd1-original.safetensors"));
        var file = TorchFile.Open(Goldens.Path("models", "sd1-original.ckpt"));
        Assert.Equal(
            expected.Tensors.Keys.Order(StringComparer.Ordinal),
            file.Tensors.Keys.Order(StringComparer.Ordinal)
        );
        foreach (var (name, entry) in expected.Tensors)
        {
            Assert.Equal(
                (entry.Type, string.Join(',', entry.Shape)),
                (file.Tensors[name].Type, string.Join(',', file.Tensors[name].Shape))
            );
            Assert.Equal(expected.Read(name).bytes, file.Read(name).bytes);
        }

        Assert.IsType<long>(file.Root["global_step"]);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Read_EveryType_InBothFormats_HasTheValues(string storage, ScalarType type, byte[] content)
    {
        using var scope = NewDisposeScope();
        var pickle = Dictionary(("x", Tensor("0", storage, 2, 0, [2], [1])));
        foreach (var bytes in new[] { Archive(pickle, ("0", content)), Legacy(pickle, ("0", 2, content)) })
        {
            var x = Open(bytes).Read("x");
            Assert.Equal(type, x.dtype);
            Assert.Equal([1f, 2], x.to(ScalarType.Float32).data<float>().ToArray());
        }
    }

    /// <summary>The files were written by torch itself; see make.py next to them.</summary>
    [Fact]
    public void Open_EveryProtocol_ReadsTheSame()
    {
        using var scope = NewDisposeScope();
        var files = Directory.GetFiles(
            Path.Combine(Goldens.Repository, "tests", "TextualInversion.Tests", "Fixtures", "torch-protocols"),
            "*.pt"
        );
        Assert.Equal(10, files.Length);
        foreach (var file in files.Select(TorchFile.Open))
        {
            Assert.Equal(["a", "m", "last"], file.Tensors.Keys);
            Assert.Equal([0f, 1, 2, 3, 4, 5], file.Read("a").data<float>().ToArray());
            Assert.Equal([1f, 1], file.Read("m").data<float>().ToArray());
            Assert.Equal([8L, 4, 2, 1], file.Read("last").stride());
            Assert.Equal((-1.5, new PickledGlobal("torch.float16")), (file.Root["n"], file.Root["t"]));
            Assert.Equal([1L, null, true, "ä\n"], Assert.IsType<List<object?>>(file.Root["l"]));
            Assert.Equal([1L, 2L], Assert.IsType<object?[]>(file.Root["s"]));
        }
    }

    [Fact]
    public void Open_ArchiveWithSizesOf64Bits_ReadsTheSame()
    {
        using var scope = NewDisposeScope();
        var archive = Archive(Dictionary(("x", Tensor("0", "FloatStorage", 2, 0, [2], [1]))), ("0", Floats(1, 2)));
        Assert.Equal([1f, 2], Open(Zip64(archive)).Read("x").data<float>().ToArray());
    }

    [Fact]
    public void Read_ViewsOfOneStorage_AreWhatTheirOffsetsAndStridesSay()
    {
        using var scope = NewDisposeScope();
        var pickle = Dictionary(
            ("row", Tensor("0", "FloatStorage", 6, 3, [3], [1])),
            ("column", Tensor("0", "FloatStorage", 6, 1, [2], [3])),
            ("transposed", Tensor("0", "FloatStorage", 6, 0, [3, 2], [1, 3])),
            ("scalar", Tensor("0", "FloatStorage", 6, 5, [], [])),
            ("empty", Tensor("0", "FloatStorage", 6, 6, [0, 3], [3, 1]))
        );
        foreach (
            var bytes in new[]
            {
                Archive(pickle, ("0", Floats(0, 1, 2, 3, 4, 5))),
                Legacy(pickle, ("0", 6, Floats(0, 1, 2, 3, 4, 5))),
            }
        )
        {
            var file = Open(bytes);
            Assert.Equal([3f, 4, 5], file.Read("row").data<float>().ToArray());
            Assert.Equal([1f, 4], file.Read("column").data<float>().ToArray());
            Assert.Equal([0f, 3, 1, 4, 2, 5], file.Read("transposed").data<float>().ToArray());
            Assert.Equal([3L, 2], file.Read("transposed").shape);
            Assert.Equal(5, file.Read("scalar").item<float>());
            Assert.Equal([0L, 3], file.Read("empty").shape);
        }
    }

    [Fact]
    public void Read_CompressedArchive_HasTheValues()
    {
        using var scope = NewDisposeScope();
        var pickle = Bytes($"{Protocol2}{Dictionary(("x", Tensor("0", "FloatStorage", 4, 2, [2], [1])))}.");
        var file = Open(Zip([("a/data.pkl", pickle), ("a/data/0", Floats(0, 0, 7, 8))], CompressionLevel.SmallestSize));
        Assert.Equal([7f, 8], file.Read("x").data<float>().ToArray());
    }

    [Fact]
    public void Read_AfterTheFileIsGone_OnLinux_StillHasTheValues()
    {
        using var scope = NewDisposeScope();
        var x = Open(Archive(Dictionary(("x", Tensor("0", "FloatStorage", 2, 0, [2], [1]))), ("0", Floats(1, 2))))
            .Read("x");
        File.Delete(FilePath);
        Assert.Equal([1f, 2], x.data<float>().ToArray());
    }

    [Fact]
    public void Open_Parameter_IsItsTensor()
    {
        using var scope = NewDisposeScope();
        var parameter = $"ctorch._utils\n_rebuild_parameter\n({Tensor("0", "FloatStorage", 2, 0, [2], [1])}\u0088}}tR";
        Assert.Equal(
            [1f, 2],
            Open(Archive(Dictionary(("x", parameter)), ("0", Floats(1, 2)))).Read("x").data<float>().ToArray()
        );
    }

    [Fact]
    public void Open_TrainingLeftovers_ArePassedOver()
    {
        // As Lightning leaves them: a class as a key, a NumPy score, OmegaConf hyperparameters.
        var score =
            "cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(X\u0002\0\0\0f8K\0K\u0001tR"
            + "(K\u0003X\u0001\0\0\0<NNNtbc_codecs\nencode\n(X\u0001\0\0\0aX\u0006\0\0\0latin1tRtR";
        var callbacks =
            $"}}cpytorch_lightning.callbacks.model_checkpoint\nModelCheckpoint\n}}{Text("best_model_score")}{score}ss";
        var config =
            "comegaconf.dictconfig\nDictConfig\n)\u0081"
            + $"}}{Text("_content")}{Dictionary(("lr", "G\0\0\0\0\0\0\0\0"))}sb";
        var state =
            $"ccollections\nOrderedDict\n)R({Text("x")}{Tensor("0", "FloatStorage", 2, 0, [2], [1])}"
            + $"{Text("note")}{Text("hello")}u}}{Text("_metadata")}}}sb";
        var file = Open(
            Archive(
                Dictionary(
                    ("epoch", "K\u0003"),
                    ("callbacks", callbacks),
                    ("hyper_parameters", config),
                    ("state_dict", state)
                ),
                ("0", Floats(1, 2))
            )
        );
        Assert.Equal(["x"], file.Tensors.Keys);
        Assert.Equal(3L, file.Root["epoch"]);
        Assert.Equal(
            "omegaconf.dictconfig.DictConfig",
            Assert.IsType<PickledObject>(file.Root["hyper_parameters"]).ClassName
        );
        Assert.Equal(
            new PickledGlobal("pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint"),
            Assert.Single(Assert.IsType<PickledDict>(file.Root["callbacks"])).Key
        );
    }

    [Fact]
    public void Open_NoStateDict_SaysSo() =>
        AssertError(
            "holds no weights (a dictionary of tensors, or one under state_dict).",
            Archive(Dictionary(("step", "K\u0001")))
        );

    [Fact]
    public void Open_WebUiEmbedding_SaysSo() =>
        AssertError(
            "holds no weights (a dictionary of tensors, or one under state_dict), but an embedding.",
            Archive(Dictionary(("string_to_param", "}"), ("step", "K\u0001")))
        );

    [Fact]
    public void Open_Missing_SaysSo() =>
        Assert.StartsWith(
            $"{FilePath}: cannot be read (",
            Assert.Throws<TextualInversionException>(() => TorchFile.Open(FilePath)).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Read_NoSuchTensor_NamesIt()
    {
        var file = Open(Archive(Dictionary(("x", Tensor("0", "FloatStorage", 2, 0, [2], [1]))), ("0", Floats(1, 2))));
        Assert.Equal(
            $"{FilePath}: has no tensor y.",
            Assert.Throws<TextualInversionException>(() => file.Read("y")).Message
        );
    }

    /// <summary>
    /// Every torch file among the reference embeddings: the shapes, first values and sums of its vectors.
    /// </summary>
    [Fact]
    [Trait("Category", Goldens.Category)]
    public void Read_GoldenEmbeddings_HaveTheExpectedVectors()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Goldens.Path("embeddings", "expected.json")));
        var files = json
            .RootElement.EnumerateObject()
            .Where(file =>
                file.Name.EndsWith(".pt", StringComparison.Ordinal)
                || file.Name.EndsWith(".bin", StringComparison.Ordinal)
            )
            .ToList();
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            var pickle = TorchPickle.Open(Goldens.Path("embeddings", file.Name));
            var tensors = Tensors(pickle.Root, depth: 6).ToList();
            foreach (var vectors in file.Value.GetProperty("vectors").EnumerateObject().Select(pair => pair.Value))
            {
                var shape = vectors[0].EnumerateArray().Select(size => size.GetInt64()).ToArray();
                using var scope = NewDisposeScope();
                Assert.Contains(
                    tensors,
                    tensor =>
                        Matches(
                            pickle.Read(tensor),
                            shape,
                            [.. vectors[1].EnumerateArray().Select(value => value.GetDouble())],
                            vectors[2].GetDouble()
                        )
                );
            }
        }
    }

    private static bool Matches(Tensor tensor, long[] shape, double[] first, double sum)
    {
        if (tensor.numel() != shape.Aggregate(1L, (product, size) => product * size))
            return false;
        var values = tensor.to(ScalarType.Float64).reshape(-1).data<double>().ToArray();
        return Math.Abs(values.Sum() - sum) < 1e-4
            && first.Zip(values, (x, y) => Math.Abs(x - y)).All(difference => difference < 1e-5);
    }

    private static IEnumerable<PickledTensor> Tensors(object? value, int depth) =>
        depth == 0
            ? []
            : value switch
            {
                PickledTensor tensor => [tensor],
                PickledDict dict => dict.SelectMany(pair => Tensors(pair.Value, depth - 1)),
                IReadOnlyList<object?> list => list.SelectMany(item => Tensors(item, depth - 1)),
                PickledObject instance => Tensors(instance.State, depth - 1),
                _ => [],
            };

    private string FilePath => folder.File("model.ckpt");

    private TorchFile Open(byte[] content) => TorchFile.Open(folder.Write("model.ckpt", content));

    private void AssertError(string message, byte[] content) =>
        Assert.Equal($"{FilePath}: {message}", Assert.Throws<TextualInversionException>(() => Open(content)).Message);
}
