namespace TextualInversion.Training.Data;

/// <summary>
/// Chooses the images of each batch. All images of a batch have the same shape, so that they fit in one tensor. Each
/// shape gets batches in proportion to its images, and within a shape every image is drawn as often as its repeats
/// before any is drawn again. The choice depends only on the seed and the batch's number.
/// </summary>
internal sealed class BucketBatchSampler
{
    private const int ShapeBits = 40; // bits of the counter that number the rounds of one shape

    private readonly ulong seed;
    private readonly int[][] shapes; // the images of each shape; an image with n repeats is listed n times
    private readonly int[] shapeOf; // the shape of each of these entries

    /// <param name="seed">The seed of the run.</param>
    /// <param name="images">The training images: number, size in latent cells, repeats.</param>
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

    /// <summary>The numbers of the images of a batch.</summary>
    /// <param name="number">The batch's number, counted from 0.</param>
    /// <param name="size">The number of images. If a shape has fewer, some occur more than once.</param>
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
