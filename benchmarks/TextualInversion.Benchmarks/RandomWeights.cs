using TextualInversion.Checkpoints;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Benchmarks;

/// <summary>Random weights in half precision, as those of a checkpoint's file.</summary>
/// <param name="tensors">The names and shapes.</param>
internal sealed class RandomWeights(params (string Name, long[] Shape)[] tensors) : ITensorFile
{
    private const double Spread = 0.02; // keeps activations finite

    public string FilePath => "random weights";

    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; } =
        tensors.ToDictionary(tensor => tensor.Name, tensor => new TensorEntry(ScalarType.Float16, tensor.Shape));

    /// <summary>The weights for a layer on the CPU. The caller disposes of the store.</summary>
    /// <param name="keepsHalf">Whether they stay in half precision, as with <c>--memory low</c>.</param>
    public WeightStore Store(bool keepsHalf = false) => new(this, ScalarType.Float32, CPU, name => name, keepsHalf);

    public Tensor Read(string name, KeptMappings? kept = null)
    {
        using var scope = NewDisposeScope();
        return (randn(Tensors[name].Shape) * Spread).to(ScalarType.Float16).MoveToOuterDisposeScope();
    }
}
