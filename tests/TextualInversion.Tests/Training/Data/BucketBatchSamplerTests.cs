using TextualInversion.Training.Data;

namespace TextualInversion.Tests.Training.Data;

public sealed class BucketBatchSamplerTests
{
    private static readonly (long, long) Square = (16, 16),
        Wide = (12, 20),
        Tall = (20, 12);

    [Fact]
    public void Batch_OneShape_IsEveryImageInRandomOrderThenAgain()
    {
        var order = new BucketBatchSampler(7, Enumerable.Range(0, 5).Select(image => (image, Square, 1)));

        var drawn = Enumerable.Range(0, 10).SelectMany(number => order.Batch(number, 4)).ToList();

        for (var sample = 0; sample < drawn.Count; sample++)
            Assert.Equal(new StepRandom(7, RandomStream.Order, sample / 5).Permutation(5)[sample % 5], drawn[sample]);
    }

    [Fact]
    public void Batch_SeveralShapesAndRepeats_AreOfOneShapeAndInProportion()
    {
        (int, (long, long) Size, int Repeats)[] images = [(0, Square, 1), (1, Wide, 2), (2, Square, 1), (4, Tall, 3)];
        var order = new BucketBatchSampler(3, images);
        var sizes = images.ToDictionary(image => image.Item1, image => image.Size);

        for (var round = 0; round < 20; round++)
        {
            var batches = Enumerable.Range(round * 7, 7).Select(number => order.Batch(number, 4)).ToList();

            Assert.All(batches, batch => Assert.Single(batch.Select(image => sizes[image]).Distinct()));
            Assert.Equal(
                [(0, 4), (1, 8), (2, 4), (4, 12)],
                batches
                    .SelectMany(batch => batch)
                    .CountBy(image => image)
                    .Select(pair => (pair.Key, pair.Value))
                    .Order()
            );
        }
    }

    [Fact]
    public void Batch_SeveralShapes_ComeInAnotherOrderEachRoundAndTheSameAgain()
    {
        BucketBatchSampler Order() => new(3, [(0, Square, 1), (1, Wide, 1), (2, Tall, 1), (3, Square, 1)]);
        List<int> Drawn(BucketBatchSampler order, IEnumerable<int> numbers) =>
            [.. numbers.Select(number => order.Batch(number, 1).Single())];

        var drawn = Drawn(Order(), Enumerable.Range(0, 40));

        Assert.True(drawn.Chunk(4).Select(round => string.Join(' ', round)).Distinct().Count() > 5);
        Assert.Equal(drawn[17..], Drawn(Order(), Enumerable.Range(17, 23)));
    }
}
