using TextualInversion.Training.Initializers;
using TextualInversion.Training.Stopping;

namespace TextualInversion.Tests.Training.Initializers;

public sealed class PhraseExamplesTests
{
    /// <summary>Also of images whose number does not divide the number of examples.</summary>
    [Fact]
    public void InRounds_AnyNumberOfImages_HaveEachExampleOnce()
    {
        foreach (var images in Enumerable.Range(1, 40))
        {
            var chosen = FixedExamples.Choose([.. Enumerable.Range(0, images)], 1000);
            List<FixedExample> examples = [.. chosen.Where(example => example.Timestep >= 250)];

            var rounds = PhraseExamples.InRounds(examples, images).ToList();

            Assert.Equal(examples, rounds.SelectMany(round => round).OrderBy(example => example.Number));
            var times = rounds.SelectMany(round => round).CountBy(example => example.Image).Select(pair => pair.Value);
            Assert.InRange(times.Max() - times.Min(), 0, 1);
        }
    }
}
