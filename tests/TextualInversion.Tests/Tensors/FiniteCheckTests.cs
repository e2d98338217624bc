using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Tensors;

public sealed class FiniteCheckTests
{
    private const int Count = 101; // whole vectors and a remainder

    public static TheoryData<ScalarType> Floats =>
        [ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64];

    [Theory]
    [MemberData(nameof(Floats))]
    public void AllFinite_OneValueIsNone_Anywhere_IsSeen(ScalarType type)
    {
        using var scope = NewDisposeScope();
        foreach (var value in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity })
        {
            for (var i = 0; i < Count; i++)
            {
                var values = ones(Count, type);
                values[i] = value;
                Assert.False(FiniteCheck.AllFinite(values), $"{value} at {i}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Floats))]
    public void AllFinite_LargestAndSmallest_AreNumbers(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var limits = finfo(type);
        Assert.True(
            FiniteCheck.AllFinite(tensor(new[] { limits.max, limits.min, limits.tiny, 0, -0.0 }).to(type).repeat(20))
        );
    }

    [Fact]
    public void AllFinite_StridedEmptyAndInteger_AreLookedAtAsTheyAre()
    {
        using var scope = NewDisposeScope();
        var table = ones(4, 6);
        table[1, 5] = double.NaN;
        Assert.False(FiniteCheck.AllFinite(table.t()));
        Assert.True(FiniteCheck.AllFinite(table.narrow(1, 0, 5)));
        Assert.True(FiniteCheck.AllFinite(zeros(0, 3)));
        Assert.True(FiniteCheck.AllFinite(full(9, -1L, ScalarType.Int64)));
    }
}
