using BenchmarkDotNet.Attributes;
using TextualInversion.Checkpoints;
using TextualInversion.Checkpoints.SingleFile;
using static TorchSharp.torch;

namespace TextualInversion.Benchmarks;

/// <summary>
/// A layer of a frozen network in float32: the forward pass without a gradient, as in generation, and the forward and
/// backward pass to the input, as in a training step.
/// </summary>
[InProcess]
public abstract class LayerBenchmark
{
    private WeightStore? store;
    private Tensor? input;

    [GlobalSetup]
    public void Load()
    {
        using var checkpoint = new RandomCheckpoint(Tensors);
        store = Open(checkpoint);
        Build(store.Root);
        input = randn(InputShape, requires_grad: true);
    }

    [Benchmark]
    public void Forward()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Apply(input!);
    }

    [Benchmark]
    public void ForwardAndBackward()
    {
        using var scope = NewDisposeScope();
        Apply(input!).sum().backward();
        input!.grad = null;
    }

    [GlobalCleanup]
    public void Release()
    {
        input?.Dispose();
        store?.Dispose();
    }

    private protected abstract long[] InputShape { get; }

    /// <summary>The names and shapes of the weights, which are random numbers in half precision.</summary>
    private protected abstract (string Name, long[] Shape)[] Tensors { get; }

    /// <summary>Whether they stay in half precision, as with <c>--memory low</c>.</summary>
    private protected virtual bool StaysHalf => false;

    private protected abstract void Build(Weights weights);

    private protected abstract Tensor Apply(Tensor x);

    private WeightStore Open(RandomCheckpoint checkpoint) =>
        new(checkpoint, ScalarType.Float32, CPU, name => name, StaysHalf);
}
