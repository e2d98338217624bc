using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using TextualInversion.Models.Autograd;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Models.Autograd;

[SuppressMessage("Usage", "CA2201", Justification = "TorchSharp and the runtime throw these.")]
public sealed class GradientCheckpointTests
{
    [Fact]
    public void Run_PartOfANetwork_GivesTheSameGradientsToTheLastBit()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        Tensor x = rand(4, 4, generator: generator),
            y = rand(4, 4, generator: generator),
            constant = rand(4, 4, generator: generator);

        var plain = Gradients(Part, x, y, constant);
        var recomputation = new GradientCheckpoint();
        var recomputed = Gradients(inputs => recomputation.Run(Part, inputs), x, y, constant);
        recomputation.EndBackward();

        foreach (var (expected, actual) in plain.Zip(recomputed))
            Assert.Equal(expected, actual);

        static Tensor Part(Tensor[] inputs) => (inputs[0].mm(inputs[1]).sigmoid() * inputs[2]).softmax(1);
    }

    [Fact]
    public void Run_WithoutGradients_ComputesOnce()
    {
        using var scope = NewDisposeScope();
        var calls = 0;

        var result = new GradientCheckpoint().Run(inputs => Count(inputs[0]), ones(2));
        using (no_grad())
            _ = new GradientCheckpoint().Run(inputs => Count(inputs[0]), ones(2, requires_grad: true));

        Assert.False(result.requires_grad);
        Assert.Equal(2, calls);

        Tensor Count(Tensor x)
        {
            calls++;
            return x * 2;
        }
    }

    public static TheoryData<Exception> Failures =>
        [
            new ExternalException("out of memory"),
            new InvalidOperationException("a shape"),
            new ArgumentException("an argument"),
            new OutOfMemoryException("out of memory"),
            new NotSupportedException("anything"),
        ];

    [Theory]
    [MemberData(nameof(Failures))]
    public void EndBackward_PartFailsTheSecondTime_Throws(Exception failure)
    {
        using var scope = NewDisposeScope();
        var calls = 0;
        var recomputation = new GradientCheckpoint();
        var x = ones(2, requires_grad: true);
        var y = recomputation.Run(inputs => calls++ == 0 ? inputs[0] * inputs[0] : throw failure, x);
        y.sum().backward();

        Assert.Same(failure, Assert.ThrowsAny<Exception>(recomputation.EndBackward));
        recomputation.EndBackward(); // thrown once
    }

    [Fact]
    public void EndBackward_LastOfSeveralPartsFails_ThrowsAndTheNextPassWorks()
    {
        using var scope = NewDisposeScope();
        GradientCheckpoint first = new(),
            second = new();
        var failure = new ExternalException("out of memory");
        var fails = true;
        var x = ones(2, requires_grad: true);

        Assert.Same(failure, Assert.ThrowsAny<Exception>(Pass));
        fails = false;
        x.grad!.zero_();
        Pass();

        Assert.Equal([4, 4], x.grad!.data<float>().ToArray()); // of x to the fourth

        void Pass()
        {
            var calls = 0;
            var custom = CustomAutogradFunction.Apply(() => (x.detach().clone(), gradient => [gradient.clone()]), x);
            var middle = first.Run(inputs => inputs[0] * inputs[0], custom);
            var y = second.Run(inputs => fails && calls++ > 0 ? throw failure : inputs[0] * inputs[0], middle);
            y.sum().backward();
            try
            {
                second.EndBackward();
            }
            finally
            {
                first.EndBackward();
                CustomAutogradFunction.EndBackward();
            }
        }
    }

    [Fact]
    public void EndBackward_CustomFunctionFailsInACheckpoint_Throws()
    {
        using var scope = NewDisposeScope();
        var recomputation = new GradientCheckpoint();
        var x = ones(2, requires_grad: true);
        var y = recomputation.Run(
            inputs =>
                CustomAutogradFunction.Apply(
                    () => (inputs[0].detach().clone(), _ => throw new ExternalException("inside")),
                    inputs[0]
                ),
            x
        );
        y.sum().backward();

        Assert.Equal("inside", Assert.Throws<ExternalException>(recomputation.EndBackward).Message);
        CustomAutogradFunction.EndBackward(); // the failure was the checkpoint's
    }

    [Fact]
    public void EndBackward_BackwardOnAnotherThread_Throws()
    {
        using var scope = NewDisposeScope();
        var x = ones(2, requires_grad: true);
        var y = CustomAutogradFunction.Apply(
            () => (x.detach().clone(), _ => throw new ExternalException("elsewhere")),
            x
        );
        var sum = y.sum();
        var thread = new Thread(() => sum.backward());
        thread.Start();
        thread.Join();

        Assert.Equal("elsewhere", Assert.Throws<ExternalException>(CustomAutogradFunction.EndBackward).Message);
        CustomAutogradFunction.EndBackward(); // thrown once
    }

    [Fact]
    public void Run_OutputThatNeedsNoGradient_GivesNone()
    {
        using var scope = NewDisposeScope();
        var recomputation = new GradientCheckpoint();
        Tensor x = ones(2, requires_grad: true),
            constant = ones(2);
        var y = recomputation.Run(inputs => inputs[1].exp(), x, constant);
        (y * x).sum().backward();
        recomputation.EndBackward();

        Assert.Equal(constant.exp().data<float>().ToArray(), x.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Run_ManyTimes_KeepsNoTensors()
    {
        using var scope = NewDisposeScope();
        var recomputation = new GradientCheckpoint();
        var x = ones(2, requires_grad: true);
        long LiveAfterOneMore()
        {
            using (NewDisposeScope())
            {
                var y = recomputation.Run(inputs => inputs[0].exp().sin(), x);
                recomputation.Run(inputs => inputs[0] * inputs[1], y, x).sum().backward();
                recomputation.EndBackward();
            }

            return DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        }

        LiveAfterOneMore();
        var first = LiveAfterOneMore();
        for (var i = 0; i < 5; i++)
            Assert.Equal(first, LiveAfterOneMore());
    }

    private static List<float[]> Gradients(Func<Tensor[], Tensor> part, Tensor x, Tensor y, Tensor constant)
    {
        Tensor[] leaves = [x.clone().requires_grad_(true), y.clone().requires_grad_(true)];
        var middle = part([leaves[0], leaves[1], constant]);
        part([middle, leaves[1], constant]).square().sum().backward();
        return [.. leaves.Select(leaf => leaf.grad!.data<float>().ToArray())];
    }
}
