using BenchmarkDotNet.Attributes;
using TextualInversion.Checkpoints;
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
        store = OpenWeights();
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

    private protected abstract WeightStore OpenWeights();

    private protected abstract void Build(Weights weights);

    private protected abstract Tensor Apply(Tensor x);
}
