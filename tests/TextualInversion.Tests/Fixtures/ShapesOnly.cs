using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Fixtures;

/// <summary>
/// A file of half-precision tensors that exists only in memory: names and shapes, and values made when they are read.
/// </summary>
internal sealed class ShapesOnly(IEnumerable<(string Name, long[] Shape)> tensors, Func<string, Tensor>? read = null)
    : ITensorFile
{
    public string FilePath => "model.safetensors";

    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; } =
        tensors.ToDictionary(tensor => tensor.Name, tensor => new TensorEntry(ScalarType.Float16, tensor.Shape));

    public Tensor Read(string name, KeptMappings? kept = null) =>
        read is not null ? read(name) : throw new InvalidOperationException($"{name} was read");

    /// <summary>
    /// A published model's tensors; the values that are read have the spread <paramref name="spread"/> around 0.
    /// </summary>
    public static ShapesOnly Published(ModelVersion line, double spread, params string[] marks) =>
        new(
            [
                .. PublishedCheckpoint.Tensors(line, PublishedCheckpoint.Configs(line)),
                .. marks.Select(mark => (mark, new long[] { 0 })),
            ],
            _ => tensor(new[] { -spread, spread })
        );
}
