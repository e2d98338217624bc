using TextualInversion.Tests.Fixtures;
using TextualInversion.Training;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training.Data;

[Trait("Category", Goldens.Category)]
public sealed class BatchSamplerTests
{
    [Fact]
    public void Draw_Antithetic_PairsHaveOppositeNoiseAtOneTimestep()
    {
        using var scope = NewDisposeScope();
        using var fixture = new ImageFixture(
            new TrainOptions
            {
                Antithetic = true,
                Batch = 4,
                Seed = 3,
            }
        );

        var (first, second) = (fixture.Batches.Draw(0, CPU), fixture.Batches.Draw(1, CPU));

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

    [Fact]
    public void Draw_WithoutPairs_NoiseIsAllItsOwn()
    {
        using var scope = NewDisposeScope();
        using var fixture = new ImageFixture(new TrainOptions { Batch = 2 });

        var batch = fixture.Batches.Draw(0, CPU);

        Assert.NotEqual(batch.Noise[0].data<float>().ToArray(), (-batch.Noise[1]).data<float>().ToArray());
        Assert.NotEqual(batch.Timesteps[0], batch.Timesteps[1]);
    }

    [Fact]
    public void Validate_PairsOfAnOddBatch_AreRefused() =>
        Assert.StartsWith(
            "--batch 3: choose an even number",
            Assert.Throws<TextualInversionException>(new TrainOptions { Antithetic = true, Batch = 3 }.Validate).Message
        );

    [Theory]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void Validate_ShareOfTheAverageOutOfRange_IsRefused(double share) =>
        Assert.Contains(
            "--ema",
            Assert.Throws<TextualInversionException>(new TrainOptions { Ema = share }.Validate).Message
        );
}
