namespace TextualInversion.Training.Data;

/// <summary>
/// Which images are in which batch. The images of a batch have one shape, each shape gets batches in proportion to its
/// images, and within a shape each
/// image comes as often as it counts before any comes again. A function of the seed and the batch's number alone.
/// </summary>
internal sealed class BucketBatchSampler
{
    private const int ShapeBits = 40; // of the counter, below the shape: rounds of one shape's images

    private readonly ulong seed;
    private readonly int[][] shapes; // for each shape its images, one that counts twice two times
    private readonly int[] shapeOf; // of each of all these

    /// <param name="seed">of the run</param>
    /// <param name="images">that are learned from: number, size, how often it counts</param>
    public BucketBatchSampler(ulong seed, IEnumerable<(int Image, (long Height, long Width) Size, int Repeats)> images)
    {
        this.seed = seed;
        shapes =
        [
            .. images
                .GroupBy(image => image.Size)
                .Select(group => group.SelectMany(each => Enumerable.Repeat(each.Image, each.Repeats)).ToArray()),
        ];
        shapeOf = [.. shapes.SelectMany((members, shape) => Enumerable.Repeat(shape, members.Length))];
    }

    /// <param name="number">counted from 0</param>
    /// <param name="size">images in a batch; a shape with fewer gives some of them more than once</param>
    public int[] Batch(long number, int size)
    {
        var (round, position) = Math.DivRem(number, shapeOf.Length);
        var turns = new StepRandom(seed, RandomStream.ShapeOrder, round).Permutation(shapeOf.Length);
        var shape = shapeOf[turns[position]];
        var members = shapes[shape];
        var batchOfShape = round * members.Length + turns.Take((int)position).Count(turn => shapeOf[turn] == shape);
        return [.. Enumerable.Range(0, size).Select(i => Image(shape, batchOfShape * size + i))];
    }

    private int Image(int shape, long sample)
    {
        var members = shapes[shape];
        var (round, position) = Math.DivRem(sample, members.Length);
        return members[
            new StepRandom(seed, RandomStream.Order, ((long)shape << ShapeBits) + round).Permutation(members.Length)[
                position
            ]
        ];
    }
}
