using BenchmarkDotNet.Attributes;
using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using static TorchSharp.torch;

namespace TextualInversion.Benchmarks;

/// <summary>The first linear layer of a feed-forward network on 16 x 16 cells, 1,280 to 10,240 wide.</summary>
public class LinearLayer : LayerBenchmark
{
    private const long Inputs = 1280,
        Outputs = 10240;

    private Linear? layer;

    [Params(false, true)]
    public bool KeepsHalf { get; set; }

    private protected override long[] InputShape => [1, 16 * 16, Inputs];

    private protected override (string Name, long[] Shape)[] Tensors =>
        [("weight", [Outputs, Inputs]), ("bias", [Outputs])];

    private protected override bool StaysHalf => KeepsHalf;

    private protected override void Build(Weights weights) => layer = new Linear(weights, Inputs, Outputs);

    private protected override Tensor Apply(Tensor x) => layer!.Forward(x);
}
