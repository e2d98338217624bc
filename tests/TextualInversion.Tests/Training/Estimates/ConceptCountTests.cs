using TextualInversion.Checkpoints;
using TextualInversion.Native;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training.Estimates;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training.Estimates;

public sealed class ConceptCountTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(5, 5)]
    [InlineData(1000, ConceptCount.Most)]
    public void Largest_RoomForSome_IsThatMany(int room, int expected) =>
        Assert.Equal(expected, ConceptCount.Largest(count => count <= room));

    [Fact]
    [Trait("Category", Goldens.Category)]
    public void Of_FreeMemory_DecidesOnAGpuAlone()
    {
        var files = new ModelFolder(Goldens.Path("models", "sd1"));
        var options = new TrainOptions { Resolution = 64, BatchSize = 2 };
        var need = TrainingMemory.Estimate(files, 64, 2, ScalarType.Float32);
        var two = TrainingMemory.Estimate(files, 64, 4, ScalarType.Float32);

        Assert.Equal(ConceptCount.Most, Count(long.MaxValue));
        Assert.Equal(1, Count((long)(need / 0.8) + 1000));
        Assert.Equal(2, Count((long)(two / 0.8) + 1000));
        Assert.Equal(1, ConceptCount.Of(options, files, CPU, Budget(long.MaxValue), ScalarType.Float32));

        int Count(long free) => ConceptCount.Of(options, files, new Device("cuda:0"), Budget(free), ScalarType.Float32);

        static MemoryBudget Budget(long free) => new(free, free) { IsOfGpu = true };
    }
}
