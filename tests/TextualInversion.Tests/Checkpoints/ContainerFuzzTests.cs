using System.Diagnostics;
using System.Globalization;
using TextualInversion.Checkpoints;
using TextualInversion.Embeddings;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Checkpoints;

/// <summary>
/// Damaged files of every container: each is read or refused with a <see cref="TextualInversionException"/>, quickly and with little
/// memory, and no other exception comes out. <c>TI_FUZZ_SECONDS=600 scripts/test --filter ContainerFuzz</c> goes on for longer, with other files.
/// </summary>
public sealed class ContainerFuzzTests : IDisposable
{
    private const int ShortRun = 100; // files of each container

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Containers => [.. Originals.Keys];

    private static Dictionary<string, Func<byte[]>> Originals => new()
    {
        ["safetensors"] = Safetensors,
        ["archive"] = () => TorchBytes.Archive(Pickle, ("0", TorchBytes.Floats(0, 1, 2, 3, 4, 5))),
        ["archive of 64 bits"] = () => TorchBytes.Zip64(TorchBytes.Archive(Pickle, ("0", TorchBytes.Floats(0, 1, 2, 3, 4, 5)))),
        ["compressed archive"] = () => TorchBytes.Zip([("a/data.pkl", TorchBytes.Bytes($"{TorchBytes.Protocol2}{Pickle}.")), ("a/data/0", TorchBytes.Floats(0, 1, 2, 3, 4, 5))], System.IO.Compression.CompressionLevel.Fastest),
        ["legacy"] = () => TorchBytes.Legacy(Pickle, ("0", 6, TorchBytes.Floats(0, 1, 2, 3, 4, 5))),
        ["torch's protocol 5"] = () => File.ReadAllBytes(Path.Combine(Goldens.Repository, "tests", "TextualInversion.Tests", "Fixtures", "torch-protocols", "zip-5.pt")),
        ["embedding in a torch file"] = () => Written(EmbeddingLayout.WebUi),
        ["embedding of the paper"] = () => Written(EmbeddingLayout.Paper),
        ["embedding in safetensors"] = () => Written(EmbeddingLayout.Sdxl),
        ["embedding in a picture"] = () => Written(EmbeddingLayout.Png),
        ["embedding hidden in a picture"] = () => File.ReadAllBytes(Path.Combine(Goldens.Repository, "tests", "TextualInversion.Tests", "Fixtures", "webui-hidden.png")),
        ["torch's legacy protocol 1"] = () => File.ReadAllBytes(Path.Combine(Goldens.Repository, "tests", "TextualInversion.Tests", "Fixtures", "torch-protocols", "legacy-1.pt")),
    };

    /// <summary>Tensors of every kind, and training's leftovers.</summary>
    private static string Pickle => TorchBytes.Dictionary(
        ("row", TorchBytes.Tensor("0", "FloatStorage", 6, 3, [3], [1])),
        ("transposed", $"{TorchBytes.Tensor("0", "FloatStorage", 6, 0, [3, 2], [1, 3])}q\u0007"),
        ("again", "h\u0007"),
        ("epoch", "K\u0003"),
        ("callbacks", "}cpytorch_lightning.callbacks.model_checkpoint\nModelCheckpoint\n](K\u0001I2\nL3L\nF1.5\nV\\u00e4\nes"),
        ("object", "ctorch.nn.modules.container\nParameterDict\n)\u0081}X\u0001\0\0\0aNsb"));

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Containers))]
    public void Open_DamagedFile_IsReadOrRefused(string container)
    {
        var original = Originals[container]();
        Check(original, $"{container}, undamaged");
        var seconds = Environment.GetEnvironmentVariable("TI_FUZZ_SECONDS") is { Length: > 0 } text ? double.Parse(text, CultureInfo.InvariantCulture) / Originals.Count : 0;
        var clock = Stopwatch.StartNew();
        for (var seed = 0; seed < ShortRun || clock.Elapsed.TotalSeconds < seconds; seed++) Check(Damage(original, new Random(seed)), $"{container}, seed {seed}");
    }

    private static byte[] Safetensors()
    {
        const string Header = """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"I64","shape":[],"data_offsets":[24,32]},"c":{"dtype":"BOOL","shape":[0,7],"data_offsets":[32,32]}}""";
        return [.. BitConverter.GetBytes((long)Header.Length), .. TorchBytes.Bytes(Header), .. new byte[32]];
    }

    private static byte[] Written(EmbeddingLayout layout)
    {
        using var folder = new TemporaryFolder();
        using var embedding = new LearnedEmbedding("<my-cat>", [.. Enumerable.Range(3, EmbeddingLayouts.Encoders(layout)).Select(width => ones(2, width))], new Dictionary<string, string> { ["steps"] = "7" });
        EmbeddingFile.Write(folder.File("file"), layout, embedding, overwrite: false);
        return File.ReadAllBytes(folder.File("file"));
    }

    /// <summary>A few changes of a kind that parsers stumble over: bits, extreme numbers, holes, repetitions, pieces from elsewhere, an early end.</summary>
    private static byte[] Damage(byte[] original, Random random)
    {
        List<byte> bytes = [.. original];
        byte[][] extremes = [[0xff, 0xff, 0xff, 0xff], [0, 0, 0, 0x80], [0xff, 0xff, 0xff, 0x7f], [0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], "9999999999"u8.ToArray(), "-1"u8.ToArray()];
        for (var changes = random.Next(1, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            var length = Math.Min(random.Next(1, 32), bytes.Count - at);
            switch (random.Next(7))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: foreach (var value in extremes[random.Next(extremes.Length)].Take(bytes.Count - at)) bytes[at++] = value; break;
                case 3: bytes.RemoveRange(at, length); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
                case 5: bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length)); break;
                default: if (random.Next(4) == 0) bytes.RemoveRange(at, bytes.Count - at); break;
            }
        }

        return [.. bytes];
    }

    private void Check(byte[] content, string what)
    {
        var path = folder.Write("file", content);
        var (clock, before) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
        Guard(what, () => ReadTensors(path));
        Guard(what, () =>
        {
            using var file = EmbeddingFile.Open(path);
            Assert.All(file.Embedding.Rows, rows => Assert.Equal((2, file.Embedding.Vectors), (rows.shape.Length, (int)rows.shape[0])));
        });
        Assert.True(clock.Elapsed.TotalSeconds < 5, $"{what}: took {clock.Elapsed}");
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 64 << 20, $"{what}: took {GC.GetAllocatedBytesForCurrentThread() - before:N0} bytes");
    }

    private static void ReadTensors(string path)
    {
        var file = TensorFile.Open(path);
        foreach (var (name, entry) in file.Tensors)
        {
            using var tensor = file.Read(name);
            Assert.Equal(entry.Shape, tensor.shape);
            using var sum = tensor.to(ScalarType.Float64).sum(); // reads every byte
        }
    }

    private static void Guard(string what, Action read)
    {
        try
        {
            read();
        }
        catch (TextualInversionException)
        {
        }
        catch (Exception error) when (error is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{what}: {error}");
        }
    }
}
