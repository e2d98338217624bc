using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training.Data;

[Trait("Category", Goldens.Category)]
public sealed class BatchSamplerTests
{
    [Fact]
    public void Sample_Antithetic_PairsHaveOppositeNoiseAtOneTimestep()
    {
        using var scope = NewDisposeScope();
        using var fixture = new ImageFixture(
            new TrainOptions
            {
                Antithetic = true,
                BatchSize = 4,
                Seed = 3,
            }
        );

        var (first, second) = (fixture.Batches.Sample(0L), fixture.Batches.Sample(1L));

        foreach (var batch in new[] { first, second })
        {
            Assert.Equal([4, 4, 4, 4], batch.Noise.shape);
            Assert.Equal(batch.Noise[0].data<float>().ToArray(), (-batch.Noise[1]).data<float>().ToArray());
            Assert.Equal(batch.Noise[2].data<float>().ToArray(), (-batch.Noise[3]).data<float>().ToArray());
            Assert.NotEqual(batch.Noise[0].data<float>().ToArray(), batch.Noise[2].data<float>().ToArray());
        }

        var timesteps = first.Timesteps.Concat(second.Timesteps).ToList();
        Assert.Equal(timesteps.Where((_, i) => i % 2 == 0), timesteps.Where((_, i) => i % 2 == 1));
        Assert.Equal(4, timesteps.Distinct().Count());
    }

    [Theory]
    [InlineData(TimestepSampling.Stratified)]
    [InlineData(TimestepSampling.Uniform)]
    public void Sample_RangeOfTimesteps_DrawsAllOfItAndNothingElse(TimestepSampling sampling)
    {
        var options = new TrainOptions { Timesteps = sampling, BatchSize = 4 };

        var drawn = Timesteps(options with { MinTimestep = 200, MaxTimestep = 205 }, batches: 25);

        Assert.Equal([200, 201, 202, 203, 204], drawn.Distinct().Order());
        if (sampling == TimestepSampling.Stratified)
            Assert.All(drawn.CountBy(timestep => timestep), each => Assert.InRange(each.Value, 18, 22));
    }

    [Theory]
    [InlineData(TimestepSampling.Stratified)]
    [InlineData(TimestepSampling.Uniform)]
    public void Sample_WholeRange_IsTheDefault(TimestepSampling sampling)
    {
        var options = new TrainOptions { Timesteps = sampling, BatchSize = 4 };

        var named = Timesteps(options with { MinTimestep = 0, MaxTimestep = 1000 }, batches: 25);

        Assert.Equal(Timesteps(options, batches: 25), named);
        Assert.Contains(named, timestep => timestep < 100);
        Assert.Contains(named, timestep => timestep >= 900);
    }

    [Fact]
    public void Sample_WithoutPairs_NoiseIsAllItsOwn()
    {
        using var scope = NewDisposeScope();
        using var fixture = new ImageFixture(new TrainOptions { BatchSize = 2 });

        var batch = fixture.Batches.Sample(0L);

        Assert.NotEqual(batch.Noise[0].data<float>().ToArray(), (-batch.Noise[1]).data<float>().ToArray());
        Assert.NotEqual(batch.Timesteps[0], batch.Timesteps[1]);
    }

    private static List<long> Timesteps(TrainOptions options, int batches)
    {
        using var scope = NewDisposeScope();
        using var fixture = new ImageFixture(options);
        var sampler = fixture.Batches;
        return [.. Enumerable.Range(0, batches).SelectMany(number => sampler.Sample((long)number).Timesteps)];
    }
}
