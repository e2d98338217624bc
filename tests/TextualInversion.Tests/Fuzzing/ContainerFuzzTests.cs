using TextualInversion.Checkpoints.Loras;
using TextualInversion.Embeddings;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Fuzzing;

/// <summary>
/// Damaged files of every container: each is either read or refused with a <see cref="TextualInversionException"/>,
/// quickly and with little memory; no other exception is thrown. <c>scripts/fuzz</c> runs longer; the seed in a
/// failure's message repeats it.
/// </summary>
[Collection(FuzzRun.Collection)]
public sealed class ContainerFuzzTests(ITestOutputHelper output)
{
    private const int ShortRun = 3000; // files of each container
    private const int MostBytes = 64 << 20;

    private static readonly Lazy<LoraTargets> Targets = new(() => new LoraTargets(new GoldenModel("sd1").Folder));

    public static TheoryData<string> Containers => ["safetensors", "zip", "pickle", "png"];

    [Theory]
    [MemberData(nameof(Containers))]
    public void Open_DamagedFile_IsReadOrRefused(string container)
    {
        var next = Corpus(container).Select(original => Damaging(container, original)).ToList();
        using var run = new FuzzRun(container, ShortRun);
        while (run.GoesOn)
        {
            var random = new Random(run.Begin());
            var content = next[random.Next(next.Count)](random);
            run.End(content.Length, wasRead: Check(content, run.What, asTensors: random.Next(4) == 0));
        }

        run.Finish(output, MostBytes);
    }

    [Theory]
    [MemberData(nameof(Containers))]
    public void Open_UndamagedFile_IsRead(string container)
    {
        foreach (var original in Corpus(container))
            Assert.True(Check(original, container, asTensors: true));
    }

    private static List<byte[]> Corpus(string container) =>
        [
            .. Directory
                .EnumerateFiles(
                    Path.Combine(Goldens.Repository, "tests", "TextualInversion.Tests", "Fixtures", "fuzz", container)
                )
                .Order(StringComparer.Ordinal)
                .Select(File.ReadAllBytes),
        ];

    private static Func<Random, byte[]> Damaging(string container, byte[] original) =>
        container switch
        {
            "safetensors" => new SafetensorsDamage(original).Next,
            "zip" => new ZipDamage(original).Next,
            "pickle" => new LegacyDamage(original).Next,
            "png" => new PngDamage(original).Next,
            _ => throw new ArgumentOutOfRangeException(nameof(container)),
        };

    /// <summary>Reads a file.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="what">The name of the file in messages.</param>
    /// <param name="asTensors">Whether to read it as a file of any tensors too.</param>
    /// <returns>Whether the file was read, not refused.</returns>
    private static bool Check(byte[] content, string what, bool asTensors)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var wasRead =
            Guard(what, () => ReadEmbedding(content))
            | Guard(what, () => ReadLora(content))
            | (asTensors && Guard(what, () => ReadTensors(content)));
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(bytes < MostBytes, $"{what}: took {bytes:N0} bytes");
        return wasRead;
    }

    private static void ReadTensors(byte[] content)
    {
        var file = TensorFile.Open(new FileSource("file", content));
        foreach (var (name, entry) in file.Tensors)
        {
            using var tensor = file.Read(name);
            Assert.Equal(entry.Type, tensor.dtype);
            Assert.Equal(entry.Shape, tensor.shape);
            Assert.Equal(tensor.numel() * tensor.element_size(), tensor.bytes.Length);
        }
    }

    private static void ReadLora(byte[] content)
    {
        using var scope = NewDisposeScope();
        foreach (var layer in LoraFile.Open(TensorFile.Open(new FileSource("file", content))).Bind(Targets.Value))
            Assert.Equal(layer.Target.Shape, layer.Apply(zeros(layer.Target.Shape), 1).shape);
    }

    private static void ReadEmbedding(byte[] content)
    {
        using var file = EmbeddingFile.Open("file", content);
        Assert.NotEmpty(file.Embedding.Rows);
        Assert.NotEmpty(file.Embedding.Trigger);
        Assert.All(
            file.Embedding.Rows,
            rows => Assert.Equal((2, file.Embedding.Vectors), (rows.shape.Length, (int)rows.shape[0]))
        );
        Assert.All(
            file.Embedding.Rows,
            rows => Assert.All(rows.data<float>().ToArray(), value => Assert.True(float.IsFinite(value)))
        );
    }

    private static bool Guard(string what, Action read)
    {
        try
        {
            read();
            return true;
        }
        catch (TextualInversionException refused)
        {
            Assert.StartsWith("file: ", refused.Message, StringComparison.Ordinal);
            return false;
        }
        catch (Exception error) when (error is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{what}: {error}");
            return false;
        }
    }
}
