using TextualInversion.Native;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Native;

public sealed class TensorArithmeticTests
{
    [Fact]
    public void Library_Scalars_AreCreatedInOnePlace() =>
        Assert.Empty(TemporaryScalars.CreatedIn(typeof(TensorArithmetic).Assembly, typeof(TensorArithmetic)));

    [Fact]
    public void TemporaryScalars_OperatorsWithNumbers_AreFound()
    {
        var found = TemporaryScalars.CreatedIn(typeof(TensorArithmeticTests).Assembly).ToList();
        string Place(string method) => $"{typeof(TensorArithmeticTests)}.{method} calls ";
        foreach (var name in new[] { "op_Multiply", "op_Addition", "op_Subtraction", "op_Division", "square" })
            Assert.Contains(
                found,
                call => call.StartsWith($"{Place(nameof(Operators))}Tensor.{name}(", StringComparison.Ordinal)
            );
        Assert.Contains($"{Place(nameof(Operators))}Scalar.op_Implicit(Int32)", found);
        Assert.DoesNotContain(
            found,
            call => call.StartsWith(Place(nameof(OperatorsOfTensors)), StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Arithmetic_EachMethod_EqualsPyTorchsOperation()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (x, y, z) = (tensor([1f, -2, 3]), tensor([4f, 5, -6]), tensor([2f, 4, 8]));
        AssertValues([5, 3, -3], x.Plus(y));
        AssertValues([1.5f, -1.5f, 3.5f], x.Plus(0.5));
        AssertValues([0.5f, -2.5f, 2.5f], x.Minus(0.5));
        AssertValues([0, 3, -2], x.SubtractedFrom(1));
        AssertValues([2.5f, -5, 7.5f], x.Times(2.5));
        AssertValues([0.25f, -0.5f, 0.75f], x.DividedBy(4));
        AssertValues([1, 4, 9], x.Squared());
        AssertValues([1, -1, 2], x.Clamped(-1, 2));
        AssertValues([1, -1, 3], x.ClampedFrom(-1));
        AssertValues([0, 1, 2], TensorArithmetic.Range(3, CPU));
        AssertValues([7, 7], TensorArithmetic.Filled(2, 7, CPU));
        AssertValues([2, -4, 6], x.clone().MultiplyInPlace(2));
        AssertValues([3, 0.5f, 0], x.clone().AddInPlace(y, 0.5));
        AssertValues([2.5f, 1.5f, -1.5f], x.clone().InterpolateInPlace(y, 0.5));
        AssertValues([5, 8, -21], x.clone().AddProductInPlace(y, z, 0.5));
        AssertValues([2, -1.375f, 2.625f], x.clone().AddQuotientInPlace(y, z, 0.5));
    }

    [Fact]
    public void Arithmetic_Integers_StayIntegers()
    {
        using var scope = NewDisposeScope();
        var ids = tensor([3L, 7, 9]);
        Assert.Equal([-4L, 0, 2], ids.Minus(7).data<long>());
        Assert.Equal([false, true, true], ids.IsAtLeast(7).data<bool>());
        Assert.Equal([3L, 0, 0], ids.ZeroedWhere(ids.IsAtLeast(7)).data<long>());
    }

    internal static Tensor Operators(Tensor x) => ((1 - (x * 2) + x) / 3.0).square().mul_(2);

    internal static Tensor OperatorsOfTensors(Tensor x) => (x * x - x) / x;

    private static void AssertValues(float[] expected, Tensor actual)
    {
        Assert.Equal(ScalarType.Float32, actual.dtype);
        Assert.Equal(expected, actual.data<float>());
    }
}
