using TextualInversion.Native;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Checkpoints.SingleFile;

/// <summary>
/// A checkpoint of the size of a published model with random weights in float16, which takes the time and the memory of
/// the real one. It exists in memory only, where all its tensors share the same numbers, until it is written.
/// </summary>
internal sealed class RandomCheckpoint : ITensorFile, IDisposable
{
    private const double Spread = 0.02; // keeps the activations of float16 finite

    private readonly Tensor noise; // as many numbers as the largest tensor has

    /// <param name="version">The published model.</param>
    public RandomCheckpoint(ModelVersion version)
        : this(PublishedCheckpoint.Tensors(version, PublishedCheckpoint.Configs(version))) { }

    /// <param name="tensors">The names and shapes of the tensors, at least one.</param>
    public RandomCheckpoint(IEnumerable<(string Name, long[] Shape)> tensors)
    {
        Tensors = tensors.ToDictionary(
            tensor => tensor.Name,
            tensor => new TensorEntry(ScalarType.Float16, tensor.Shape)
        );
        noise = Noise(Tensors.Values.Max(entry => Elements(entry.Shape)));
    }

    public string FilePath => "random weights";

    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <summary>The size of the file that <see cref="Write"/> writes, without its header, in bytes.</summary>
    public long Bytes => Tensors.Values.Sum(entry => Elements(entry.Shape)) * sizeof(ushort);

    /// <summary>Noise for a weight, ones and zeros for the weight and bias of a norm.</summary>
    public Tensor Read(string name, KeptMappings? kept = null)
    {
        using var scope = NewDisposeScope();
        var shape = Tensors[name].Shape;
        var isWeight = name.EndsWith("weight", StringComparison.Ordinal); // of a norm
        var values =
            shape.Length > 1 ? noise.narrow(0, 0, Elements(shape)).view(shape)
            : isWeight ? ones(shape, dtype: ScalarType.Float16)
            : zeros(shape, dtype: ScalarType.Float16);
        return values.MoveToOuterDisposeScope();
    }

    /// <summary>Writes it as a safetensors file, which must not exist.</summary>
    /// <exception cref="TextualInversionException">The file cannot be written.</exception>
    public void Write(string path)
    {
        using var scope = NewDisposeScope();
        var tensors = Tensors.Keys.ToDictionary(name => name, name => Read(name));
        SafetensorsFile.Write(path, tensors, new Dictionary<string, string>(), overwrite: false);
    }

    public void Dispose() => noise.Dispose();

    private static Tensor Noise(long count)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        return randn(count, generator: generator).Times(Spread).to(ScalarType.Float16).DetachFromDisposeScope();
    }

    private static long Elements(long[] shape) => shape.Aggregate(1L, (product, length) => product * length);
}
