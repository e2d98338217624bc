using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Models.Layers;

/// <summary>The convolution and its gradient, compared with the defining sum in float64.</summary>
public sealed class Conv2dTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    // Output channels below, at and above the blocks of 8 and 16 that oneDNN computes with.
    [Theory]
    [InlineData(1, 320, 4, 16, 3)]
    [InlineData(4, 64, 4, 16, 3)]
    [InlineData(3, 8, 12, 6, 3)]
    [InlineData(2, 32, 16, 8, 3)]
    [InlineData(2, 16, 40, 8, 3)]
    [InlineData(2, 16, 3, 8, 1)]
    public void Forward_AnyChannels_EqualsTheDefinitionWithItsGradient(
        int batch,
        int inputs,
        int outputs,
        int side,
        int kernel
    )
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2);
        var weight = randn([outputs, inputs, kernel, kernel], generator: generator);
        var bias = randn([outputs], generator: generator);
        using var store = Store(new() { ["weight"] = weight, ["bias"] = bias });
        var layer = new Conv2d(store.Root, inputs, outputs, kernel, padding: kernel / 2);
        var x = randn([batch, inputs, side, side], generator: generator);

        var (output, gradient) = WithGradient(x, layer.Forward);
        var (expected, expectedGradient) = WithGradient(
            x.to(ScalarType.Float64),
            input => Definition(input, weight.to(ScalarType.Float64), bias.to(ScalarType.Float64))
        );

        Goldens.AssertClose(expected, output, 1e-5, "output");
        Goldens.AssertClose(expected, layer.Forward(x), 1e-5, "output without a gradient");
        Goldens.AssertClose(expectedGradient, gradient, 1e-4, "gradient");
    }

    [Fact]
    public void Forward_BFloat16FewChannels_EqualsTheDefinition()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        var weight = randn([4, 32, 3, 3], generator: generator).to(ScalarType.BFloat16);
        var bias = randn([4], generator: generator).to(ScalarType.BFloat16);
        using var store = Store(new() { ["weight"] = weight, ["bias"] = bias }, ScalarType.BFloat16);
        var layer = new Conv2d(store.Root, 32, 4, kernel: 3, padding: 1);
        var x = randn([2, 32, 16, 16], generator: generator).to(ScalarType.BFloat16);

        var expected = Definition(x.to(ScalarType.Float64), weight.to(ScalarType.Float64), bias.to(ScalarType.Float64));

        Goldens.AssertClose(expected, layer.Forward(x), 1e-2, "output");
    }

    private static (Tensor Output, Tensor Gradient) WithGradient(Tensor x, Func<Tensor, Tensor> compute)
    {
        var input = x.clone().requires_grad_(true);
        var output = compute(input);
        output.sin().sum().backward();
        return (output.detach(), input.grad!);
    }

    // Each tap of the kernel is a product of the shifted image with a matrix.
    private static Tensor Definition(Tensor x, Tensor weight, Tensor bias)
    {
        var (kernel, height, width) = (weight.shape[2], x.shape[2], x.shape[3]);
        var padded = nn.functional.pad(x, [kernel / 2, kernel / 2, kernel / 2, kernel / 2]);
        var sum = bias.view(1, -1, 1, 1).expand(x.shape[0], -1, height, width);
        for (var row = 0; row < kernel; row++)
        {
            for (var column = 0; column < kernel; column++)
            {
                var shifted = padded.narrow(2, row, height).narrow(3, column, width); // (B, inputs, h, w)
                var tap = weight.select(3, column).select(2, row); // (outputs, inputs)
                sum = sum + einsum("oi,bihw->bohw", tap, shifted);
            }
        }

        return sum;
    }

    private WeightStore Store(Dictionary<string, Tensor> tensors, ScalarType type = ScalarType.Float32)
    {
        var path = folder.File("weights.safetensors");
        SafetensorsFile.Write(path, tensors, new Dictionary<string, string>(), overwrite: true);
        return new WeightStore(SafetensorsFile.Open(path), type, CPU, key => key);
    }
}
