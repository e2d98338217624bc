using TextualInversion.Models.Autograd;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Models.Autograd;

public sealed class FrozenMapTests
{
    [Fact]
    public void Forward_WithGradient_GivesTheTransposeOfTheGradient()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1f, -2f }, requires_grad: true);
        var map = new FrozenMap(input => 3 * input + 1, gradient => 3 * gradient);

        var y = map.Forward(x);
        y.square().sum().backward();
        FrozenFunction.EndBackward();

        Assert.Equal([4f, -5f], y.data<float>().ToArray());
        Assert.Equal([24f, -30f], x.grad!.data<float>().ToArray()); // 2 y times 3
    }

    [Fact]
    public void Forward_WithoutGradient_IsTheMapAlone()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var x = ones(2, requires_grad: true);

        Assert.False(new FrozenMap(input => 2 * input, gradient => 2 * gradient).Forward(x).requires_grad);
    }

    [Fact]
    public void EndBackward_MapThatFailedInTheBackwardPass_Throws()
    {
        using var scope = NewDisposeScope();
        var x = ones(2, requires_grad: true);
        var map = new FrozenMap(input => 2 * input, _ => throw new InvalidOperationException("no memory"));

        map.Forward(x).sum().backward(); // the exception may not pass through native code

        Assert.Equal("no memory", Assert.Throws<InvalidOperationException>(FrozenFunction.EndBackward).Message);
        FrozenFunction.EndBackward(); // said once
    }

    [Fact]
    public void Backward_ManyMaps_KeepsNoTensors()
    {
        var map = new FrozenMap(input => 2 * input, gradient => 2 * gradient);
        long Run()
        {
            using (NewDisposeScope())
            {
                var x = ones(4, requires_grad: true);
                var y = x;
                for (var i = 0; i < 20; i++) y = map.Forward(y);
                y.sum().backward();
                FrozenFunction.EndBackward();
                Assert.Equal(1 << 20, x.grad!.max().item<float>());
            }

            return DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        }

        var before = Run();
        Assert.Equal(before, Run());
    }
}
