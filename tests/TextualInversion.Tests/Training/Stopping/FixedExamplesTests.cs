using TextualInversion.Training.Stopping;

namespace TextualInversion.Tests.Training.Stopping;

public sealed class FixedExamplesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(20)]
    public void Choose_FewImages_EachAtTimestepsSpreadEvenlyAloneAndTogether(int images)
    {
        var examples = FixedExamples.Choose([.. Enumerable.Range(0, images)], 1000);

        Assert.True(examples.Count >= 16);
        AssertEven(examples.Select(example => example.Timestep));
        foreach (var own in examples.GroupBy(example => example.Image))
            AssertEven(own.Select(example => example.Timestep));
        Assert.Equal(images, examples.Select(example => example.Image).Distinct().Count());
    }

    [Fact]
    public void Choose_ManyImages_AreASelectionOfAll()
    {
        var chosen = FixedExamples
            .Choose([.. Enumerable.Range(0, 320)], 1000)
            .Select(example => example.Image)
            .ToList();

        Assert.Equal(Enumerable.Range(0, 32).Select(i => i * 10), chosen);
    }

    /// <summary>Asserts that each of n equal parts of [0, 1000) has one timestep.</summary>
    private static void AssertEven(IEnumerable<long> timesteps)
    {
        var ordered = timesteps.Order().ToList();
        foreach (var (index, timestep) in ordered.Index())
            Assert.InRange(timestep, index * 1000 / ordered.Count, (index + 1) * 1000 / ordered.Count);
    }
}
