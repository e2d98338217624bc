using TextualInversion.Checkpoints;
using TextualInversion.Models.Autograd;
using TextualInversion.Models.Clip;
using TextualInversion.Models.Direct;
using TextualInversion.Models.Unets;
using TextualInversion.Native;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Models.Direct;

/// <summary>The blocks computed on memory, with gradients by hand, against the same by PyTorch's operations and its gradients.</summary>
public sealed class DirectBlocksTests : IDisposable
{
    private const double Tolerance = 1e-5;

    private static readonly UNetConfig Config = new()
    {
        BlockOutChannels = [16], DownBlockTypes = [], UpBlockTypes = [], CrossAttentionDim = 24, NormNumGroups = 4,
    };

    private readonly TemporaryFolder folder = new();
    private readonly Generator generator = new(7);

    public void Dispose()
    {
        folder.Dispose();
        generator.Dispose();
    }

    [Theory]
    [InlineData(16, false)]
    [InlineData(8, false)]
    [InlineData(8, true)]
    public void Resnet_Direct_EqualsPyTorchWithItsGradients(int inputs, bool gradientOfTime)
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>();
        Norm(tensors, "norm1", inputs);
        Layer(tensors, "conv1", 16, inputs, 3, 3);
        Layer(tensors, "time_emb_proj", 16, 12);
        Norm(tensors, "norm2", 16);
        Layer(tensors, "conv2", 16, 16, 3, 3);
        if (inputs != 16) Layer(tensors, "conv_shortcut", 16, inputs, 1, 1);
        var (x, time) = (Random(2, inputs, 5, 7), Random(2, 12));

        AssertSame(tensors, x, [x, time], [true, gradientOfTime], weights =>
        {
            var block = new ResnetBlock(weights, inputs, 16, groups: 4, 1e-5, timeWidth: 12);
            return each => block.Forward(each[0], each[1]);
        });
    }

    [Theory]
    [InlineData(false, 1, true)]
    [InlineData(true, 2, true)]
    [InlineData(true, 2, false)]
    public void SpatialTransformer_Direct_EqualsPyTorchWithItsGradients(bool linearProjection, int depth, bool gradientOfX)
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>();
        Norm(tensors, "norm", 16);
        Layer(tensors, "proj_in", linearProjection ? [16, 16] : [16, 16, 1, 1]);
        Layer(tensors, "proj_out", linearProjection ? [16, 16] : [16, 16, 1, 1]);
        for (var i = 0; i < depth; i++)
        {
            var block = $"transformer_blocks.{i}";
            for (var norm = 1; norm <= 3; norm++) Norm(tensors, $"{block}.norm{norm}", 16);
            foreach (var (name, width) in new[] { ("attn1", 16L), ("attn2", 24L) })
            {
                tensors[$"{block}.{name}.to_q.weight"] = Random(16, 16) / 4;
                tensors[$"{block}.{name}.to_k.weight"] = Random(16, width) / 4;
                tensors[$"{block}.{name}.to_v.weight"] = Random(16, width) / 4;
                Layer(tensors, $"{block}.{name}.to_out.0", 16, 16);
            }

            Layer(tensors, $"{block}.ff.net.0.proj", 128, 16);
            Layer(tensors, $"{block}.ff.net.2", 16, 64);
        }

        var (x, context) = (Random(2, 16, 5, 7), Random(2, 9, 24));
        AssertSame(tensors, x, [x, context], [gradientOfX, true], weights =>
        {
            var transformer = new SpatialTransformer(weights, Config with { UseLinearProjection = linearProjection }, 16, heads: 2, depth);
            return each => transformer.Forward(each[0], each[1]);
        });
    }

    [Theory]
    [InlineData("quick_gelu", true)]
    [InlineData("gelu", true)]
    [InlineData("gelu", false)]
    public void ClipLayer_Direct_EqualsPyTorchWithItsGradient(string activation, bool causal)
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>();
        Norm(tensors, "layer_norm1", 16);
        Norm(tensors, "layer_norm2", 16);
        foreach (var name in new[] { "q_proj", "k_proj", "v_proj", "out_proj" }) Layer(tensors, $"self_attn.{name}", 16, 16);
        Layer(tensors, "mlp.fc1", 40, 16);
        Layer(tensors, "mlp.fc2", 16, 40);
        var x = Random(2, 9, 16);

        AssertSame(tensors, x, [x], [true], weights =>
        {
            var layer = new ClipLayer(weights, new ClipLayerConfig(16, 40, 2, 1e-5, activation), causal, "file");
            return each => layer.Forward(each[0]);
        });
    }

    [Fact]
    public void GroupNorm_MeanFarFromZero_KeepsItsDigits()
    {
        using var scope = NewDisposeScope();
        var (weight, bias) = (Random(16), Random(16));
        var x = Random(1, 16, 8, 8) + 1000;
        var cells = Cells.Of(x);
        var result = Cells.Empty(cells.Size, 16);
        using var kept = new Workspace();

        new DirectGroupNorm(weight, bias, groups: 4, 1e-5, silu: false).Forward(cells.Matrix, result.Matrix, batch: 1, kept);

        var expected = nn.functional.group_norm(x.to(ScalarType.Float64), 4, weight.to(ScalarType.Float64), bias.to(ScalarType.Float64), 1e-5);
        Goldens.AssertClose(expected.to(ScalarType.Float32), result.Map, 1e-4, "normed"); // x itself has four digits behind the point
    }

    private void Norm(Dictionary<string, Tensor> tensors, string name, int width) =>
        (tensors[$"{name}.weight"], tensors[$"{name}.bias"]) = (Random(width), Random(width));

    private void Layer(Dictionary<string, Tensor> tensors, string name, params long[] shape)
    {
        tensors[$"{name}.weight"] = Random(shape) / Math.Sqrt(shape[1..].Aggregate(1L, (product, size) => product * size));
        tensors[$"{name}.bias"] = Random(shape[0]);
    }

    private Tensor Random(params long[] shape) => randn(shape, generator: generator);

    /// <param name="tensors">the block's weights</param>
    /// <param name="x">what goes in first</param>
    /// <param name="inputs">all that goes in</param>
    /// <param name="wanted">whether a gradient is wanted, of each</param>
    /// <param name="build">the block of weights</param>
    private void AssertSame(Dictionary<string, Tensor> tensors, Tensor x, Tensor[] inputs, bool[] wanted, Func<Weights, Func<Tensor[], Tensor>> build)
    {
        using var reordered = Store(tensors, mayReorder: true);
        using var plain = Store(tensors, mayReorder: false);
        Assert.True(DirectUse.Suits(reordered.Root, x, largestLayer: 1) || !Blas.IsAvailable);
        Assert.False(DirectUse.Suits(plain.Root, x, largestLayer: 1));
        var (direct, reference) = (build(reordered.Root), build(plain.Root));

        using (no_grad()) Goldens.AssertClose(reference(inputs), direct(inputs), Tolerance, "without gradients");
        var (expected, actual) = (Run(reference), Run(direct));
        for (var i = 0; i < expected.Count; i++) Goldens.AssertClose(expected[i], actual[i], Tolerance, i == 0 ? "output" : $"gradient {i}");

        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using (NewDisposeScope()) Run(direct);
        Assert.Equal(live, DisposeScopeManager.Statistics.ThreadTotalLiveCount);

        List<Tensor> Run(Func<Tensor[], Tensor> compute)
        {
            var leaves = inputs.Zip(wanted, (input, wants) => input.clone().requires_grad_(wants)).ToArray();
            var output = compute(leaves);
            output.sin().sum().backward();
            FrozenFunction.EndBackward();
            return [output.detach(), .. leaves.Where(leaf => leaf.requires_grad).Select(leaf => leaf.grad!)];
        }
    }

    private WeightStore Store(Dictionary<string, Tensor> tensors, bool mayReorder)
    {
        var path = folder.File($"{mayReorder}.safetensors");
        SafetensorsFile.Write(path, tensors, new Dictionary<string, string>(), overwrite: true);
        return new WeightStore(SafetensorsFile.Open(path), ScalarType.Float32, CPU, key => key) { MayReorder = mayReorder };
    }
}
