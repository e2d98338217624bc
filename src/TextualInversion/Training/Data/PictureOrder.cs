namespace TextualInversion.Training.Data;

/// <summary>
/// Which pictures are in which batch. The pictures of a batch have one shape, each shape gets batches in proportion to its pictures, and within a shape each
/// picture comes as often as it counts before any comes again. A function of the seed and the batch's number alone.
/// </summary>
internal sealed class PictureOrder
{
    private const int ShapeBits = 40; // of the counter, below the shape: rounds of one shape's pictures

    private readonly ulong seed;
    private readonly int[][] shapes; // for each shape its pictures, one that counts twice two times
    private readonly int[] shapeOf; // of each of all these

    /// <param name="seed">of the run</param>
    /// <param name="pictures">that are learned from: number, size, how often it counts</param>
    public PictureOrder(ulong seed, IEnumerable<(int Picture, (long Height, long Width) Size, int Repeats)> pictures)
    {
        this.seed = seed;
        shapes =
        [
            .. pictures
                .GroupBy(picture => picture.Size)
                .Select(group => group.SelectMany(each => Enumerable.Repeat(each.Picture, each.Repeats)).ToArray()),
        ];
        shapeOf = [.. shapes.SelectMany((members, shape) => Enumerable.Repeat(shape, members.Length))];
    }

    /// <param name="number">counted from 0</param>
    /// <param name="size">pictures in a batch; a shape with fewer gives some of them more than once</param>
    public int[] Batch(long number, int size)
    {
        var (round, position) = Math.DivRem(number, shapeOf.Length);
        var turns = new StepRandom(seed, StepRandom.Purpose.ShapeOrder, round).Permutation(shapeOf.Length);
        var shape = shapeOf[turns[position]];
        var members = shapes[shape];
        var batchOfShape = round * members.Length + turns.Take((int)position).Count(turn => shapeOf[turn] == shape);
        return [.. Enumerable.Range(0, size).Select(i => Picture(shape, batchOfShape * size + i))];
    }

    private int Picture(int shape, long sample)
    {
        var members = shapes[shape];
        var (round, position) = Math.DivRem(sample, members.Length);
        return members[
            new StepRandom(seed, StepRandom.Purpose.PictureOrder, ((long)shape << ShapeBits) + round).Permutation(
                members.Length
            )[position]
        ];
    }
}
