using BenchmarkDotNet.Attributes;
using TextualInversion.Training.Optimizers;
using static TorchSharp.torch;

namespace TextualInversion.Benchmarks;

/// <summary>A step of an optimizer on four vectors of 768.</summary>
[InProcess]
public class OptimizerStep
{
    private readonly Tensor rows = randn(4, 768),
        gradient = randn(4, 768);
    private readonly Dictionary<string, IRowOptimizer> optimizers = [];
    private int step;

    [GlobalSetup]
    public void Begin()
    {
        optimizers[nameof(AdamW)] = new AdamW(rows, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0);
        optimizers[nameof(Prodigy)] = new Prodigy(rows, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0);
    }

    [Benchmark]
    [Arguments(nameof(AdamW))]
    [Arguments(nameof(Prodigy))]
    public void Step(string optimizer) => optimizers[optimizer].Step(gradient, learningRate: 1e-6, ++step);

    [GlobalCleanup]
    public void Release()
    {
        foreach (var optimizer in optimizers.Values)
            optimizer.Dispose();
        rows.Dispose();
        gradient.Dispose();
    }
}
