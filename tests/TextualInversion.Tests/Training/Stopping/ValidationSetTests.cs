using TextualInversion.Training.Stopping;

namespace TextualInversion.Tests.Training.Stopping;

public sealed class ValidationSetTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(20)]
    public void Examples_FewImages_EachAtTimestepsSpreadEvenlyAloneAndTogether(int images)
    {
        var examples = ValidationSet.Examples(images, 1000);

        Assert.True(examples.Count >= 16);
        AssertEven(examples.Select(example => example.Timestep));
        foreach (var own in examples.GroupBy(example => example.Image))
            AssertEven(own.Select(example => example.Timestep));
        Assert.Equal(images, examples.Select(example => example.Image).Distinct().Count());
    }

    [Fact]
    public void Examples_ManyImages_AreASelectionOfAll()
    {
        var chosen = ValidationSet.Examples(320, 1000).Select(example => example.Image).ToList();

        Assert.Equal(Enumerable.Range(0, 32).Select(i => i * 10), chosen);
    }

    [Theory]
    [InlineData(20, 4, 5)]
    [InlineData(20, 8, 5)]
    [InlineData(32, 16, 8)]
    public void Spread_FewOfMany_OneInEachPartAndOfSeveralImages(int count, int most, int images)
    {
        var chosen = ValidationSet.Spread(count, most).ToList();

        Assert.Equal(most, chosen.Count);
        foreach (var (part, number) in chosen.Index())
            Assert.InRange(number, part * count / most, ((part + 1) * count / most) - 1);
        Assert.True(chosen.Select(number => number % images).Distinct().Count() >= 3);
    }

    [Fact]
    public void Spread_All_IsAll() => Assert.Equal(Enumerable.Range(0, 20), ValidationSet.Spread(20, int.MaxValue));

    /// <summary>Asserts that each of n equal parts of [0, 1000) has one timestep.</summary>
    private static void AssertEven(IEnumerable<long> timesteps)
    {
        var ordered = timesteps.Order().ToList();
        foreach (var (index, timestep) in ordered.Index())
            Assert.InRange(timestep, index * 1000 / ordered.Count, (index + 1) * 1000 / ordered.Count);
    }
}
