using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests;

/// <summary>A garbage collection must not free what libtorch reads, see <see cref="UnscopedTensors"/>.</summary>
public sealed class TensorLifetimeTests
{
    [Fact]
    public void CommandLine_Scalars_AreNotCreated() =>
        Assert.Empty(TemporaryScalars.CreatedIn(typeof(CommandLine).Assembly));

    [Fact]
    public void Program_Tensors_AreMadeInScopes()
    {
        var ways = UnscopedTensors.In(typeof(CommandLine).Assembly, typeof(TrainOptions).Assembly).ToList();
        Assert.True(ways.Count == 0, string.Join('\n', ways));
    }

    [Fact]
    public void UnscopedTensors_MethodsWithoutAScope_AreFound()
    {
        var found = UnscopedTensors
            .In(typeof(TensorLifetimeTests).Assembly)
            .Where(way => way.StartsWith(typeof(Examples).FullName!, StringComparison.Ordinal))
            .Select(way => way.Replace($"{typeof(Examples)}.", "", StringComparison.Ordinal));
        Assert.Equal(["Indirect -> Chain", "Variable"], found);
    }

    private static class Examples
    {
        public static Tensor Chain(Tensor x) => x.detach().clone();

        public static Tensor Indirect(Tensor x) => Chain(x);

        public static float Variable(Tensor x)
        {
            var sum = x.sum();
            return sum.item<float>();
        }

        public static Tensor Single(Tensor x) => x.clone();

        public static Tensor Scoped(Tensor x)
        {
            using var scope = NewDisposeScope();
            return Chain(x).MoveToOuterDisposeScope();
        }
    }
}
