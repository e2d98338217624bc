using TextualInversion.Checkpoints;
using TextualInversion.Models.Autograd;
using TextualInversion.Models.Layers;
using TextualInversion.Native;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Tests.Models.Layers;

/// <summary>Layers by oneDNN and with reordered weights against PyTorch's own.</summary>
public sealed class LayersTests : IDisposable
{
    private const double Tolerance = 1e-5;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void OneDnn_OnLinuxWithAnX64Processor_IsThere() =>
        Assert.True(OneDnn.IsAvailable || !OperatingSystem.IsLinux() || System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Linear_ByOneDnn_EqualsPyTorchWithItsGradient(bool hasBias)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var (weight, bias) = (randn([512, 256], generator: generator), hasBias ? randn([512], generator: generator) : null);
        var x = randn([2, 64, 256], generator: generator);
        var layer = new Linear(weight, bias);

        AssertSame(x, layer.ByOneDnn.Forward, input => F.linear(input, weight, bias));
        AssertSame(x, layer.Forward, input => F.linear(input, weight, bias)); // whichever this processor prefers
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Conv2d_PackedWeights_EqualsPyTorchWithItsGradient(int kernel)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2);
        var (weight, bias) = (randn([12, 8, kernel, kernel], generator: generator), randn([12], generator: generator));
        using var store = Store(new() { ["weight"] = weight, ["bias"] = bias });
        var layer = new Conv2d(store.Root, 8, 12, kernel, padding: kernel / 2);

        AssertSame(randn([1, 8, 7, 5], generator: generator), layer.Forward, input => F.conv2d(input, weight, bias, strides: [1, 1], padding: [kernel / 2, kernel / 2]));
        AssertSame(randn([3, 8, 4, 6], generator: generator), layer.Forward, input => F.conv2d(input, weight, bias, strides: [1, 1], padding: [kernel / 2, kernel / 2])); // packed for another size
    }

    [Theory]
    [InlineData(null)]
    [InlineData(24L)]
    public void Attention_JoinedProjections_EqualsSeparateOnesWithItsGradient(long? contextWidth)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        var tensors = new Dictionary<string, Tensor>();
        foreach (var (name, inputs) in new[] { ("to_q", 16L), ("to_k", contextWidth ?? 16), ("to_v", contextWidth ?? 16), ("to_out.0", 16L) }) tensors[$"{name}.weight"] = randn([16, inputs], generator: generator);
        tensors["to_out.0.bias"] = randn([16], generator: generator);
        using var joined = Store(tensors);
        using var separate = Store(tensors, mayReorder: false);
        var context = contextWidth is { } width ? randn([2, 5, width], generator: generator) : null;
        Func<Tensor, Tensor> Forward(WeightStore store)
        {
            var attention = new Attention(store.Root, AttentionNames.Diffusers, 16, heads: 4, hasBias: false, contextWidth);
            return x => attention.Forward(x, context);
        }

        AssertSame(randn([2, 7, 16], generator: generator), Forward(joined), Forward(separate));
    }

    private static void AssertSame(Tensor x, Func<Tensor, Tensor> layer, Func<Tensor, Tensor> reference)
    {
        var (actual, expected) = (Run(layer), Run(reference));
        Goldens.AssertClose(expected.Output, actual.Output, Tolerance, "output");
        Goldens.AssertClose(expected.Gradient, actual.Gradient, Tolerance, "gradient");

        (Tensor Output, Tensor Gradient) Run(Func<Tensor, Tensor> compute)
        {
            var input = x.clone().requires_grad_(true);
            var output = compute(input);
            output.sin().sum().backward();
            FrozenFunction.EndBackward();
            return (output.detach(), input.grad!);
        }
    }

    private WeightStore Store(Dictionary<string, Tensor> tensors, bool mayReorder = true)
    {
        var path = folder.File($"{mayReorder}.safetensors");
        SafetensorsFile.Write(path, tensors, new Dictionary<string, string>(), overwrite: true);
        return new WeightStore(SafetensorsFile.Open(path), ScalarType.Float32, CPU, key => key) { MayReorder = mayReorder };
    }
}
