using TextualInversion.Models.Autograd;
using TextualInversion.Models.Layers;
using TextualInversion.Native;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Tests.Models.Layers;

/// <summary>The linear layer by oneDNN, compared with PyTorch's.</summary>
public sealed class LinearTests
{
    private const double Tolerance = 1e-5;

    [Fact]
    public void OneDnn_OnLinuxWithAnX64Processor_IsThere() =>
        Assert.True(
            OneDnn.IsAvailable
                || !OperatingSystem.IsLinux()
                || System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
                    != System.Runtime.InteropServices.Architecture.X64
        );

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Linear_ByOneDnn_EqualsPyTorchWithItsGradient(bool hasBias)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var (weight, bias) = (
            randn([512, 256], generator: generator),
            hasBias ? randn([512], generator: generator) : null
        );
        var x = randn([2, 64, 256], generator: generator);
        var layer = new Linear(weight, bias);

        AssertSame(x, layer.ForwardByOneDnn, input => F.linear(input, weight, bias));
        AssertSame(x, layer.Forward, input => F.linear(input, weight, bias)); // whichever this processor prefers
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
            CustomAutogradFunction.EndBackward();
            return (output.detach(), input.grad!);
        }
    }
}
