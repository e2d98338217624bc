using BenchmarkDotNet.Attributes;
using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using static TorchSharp.torch;

namespace TextualInversion.Benchmarks;

/// <summary>
/// A 3 x 3 convolution of the U-Net of Stable Diffusion 1.5 for one image of 512 x 512, on its first and last level.
/// </summary>
public class Convolution : LayerBenchmark
{
    private Conv2d? layer;

    [Params(320, 1280)]
    public int Channels { get; set; }

    private protected override long[] InputShape => Channels == 320 ? [1, 320, 64, 64] : [1, 1280, 8, 8];

    private protected override (string Name, long[] Shape)[] Tensors =>
        [("weight", [Channels, Channels, 3, 3]), ("bias", [Channels])];

    private protected override void Build(Weights weights) =>
        layer = new Conv2d(weights, Channels, Channels, kernel: 3, padding: 1);

    private protected override Tensor Apply(Tensor x) => layer!.Forward(x);
}
