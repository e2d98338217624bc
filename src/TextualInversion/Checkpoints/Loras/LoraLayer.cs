using TextualInversion.Native;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Checkpoints.Loras;

/// <summary>
/// The change of one layer: W + alpha / r x up x down (Hu et al. 2021, section 4.1); with a magnitude m, DoRA's m x V /
/// |V|, where V is that sum (Liu et al. 2024, eq. 5).
/// </summary>
internal sealed record LoraLayer
{
    private const int Matrix = 2; // the dimensions of a matrix
    private const double SmallestLength = 1e-30; // of a row, so that one of zeros is not divided by zero

    public required ITensorFile File { get; init; }

    /// <summary>The layer's name in the file.</summary>
    public required string Name { get; init; }

    /// <summary>The layer of the model.</summary>
    public required LoraTarget Target { get; init; }

    public required string Down { get; init; }

    public required string Up { get; init; }

    public string? Middle { get; init; }

    public string? Magnitude { get; init; }

    /// <summary>What up x down is multiplied by, alpha / r.</summary>
    public required double Scale { get; init; }

    /// <summary>The rank, the number of rows of <see cref="Down"/>.</summary>
    public long Rank => File.Tensors[Down].Shape[0];

    /// <summary>What does not fit the layer of the model, or null.</summary>
    public string? Problem()
    {
        var (target, down, up) = (Full(Target.Shape), Full(File.Tensors[Down].Shape), Full(File.Tensors[Up].Shape));
        if (down.Length != 4 || up.Length != 4)
            return $"{Down} {Text(Down)} and {Up} {Text(Up)} are not two matrices";
        long[] inputs = Middle is null ? target[1..] : [target[1], 1, 1];
        if (!down.AsSpan(1).SequenceEqual(inputs) || !up.SequenceEqual([target[0], down[0], 1, 1]))
            return $"{Down} is {Text(Down)} and {Up} is {Text(Up)}, and the model's layer is "
                + $"[{string.Join(", ", Target.Shape)}]";
        if (
            Middle is not null
            && !Full(File.Tensors[Middle].Shape).SequenceEqual([down[0], down[0], target[2], target[3]])
        )
            return $"{Middle} is {Text(Middle)}, which does not fit between {Down} and {Up}";
        return Magnitude is not null && MagnitudeShape() is null
            ? $"{Magnitude} is {Text(Magnitude)}, and the model's layer is [{string.Join(", ", Target.Shape)}]"
            : null;
    }

    /// <summary>The layer's weight with the change.</summary>
    /// <param name="weight">The weight, float32 on the CPU, as <see cref="LoraTarget.Shape"/>.</param>
    /// <param name="strength">1 for the change as it was learned, 0 for none; below 0 it is reversed.</param>
    /// <returns>The same shape, float32.</returns>
    /// <exception cref="TextualInversionException">A tensor cannot be read, or is not finite.</exception>
    public Tensor Apply(Tensor weight, double strength)
    {
        using var scope = NewDisposeScope();
        var change = Change().Times(Scale);
        if (Magnitude is null)
            return weight.Plus(change.Times(strength)).MoveToOuterDisposeScope();
        var sum = weight.Plus(change);
        var magnitude = Read(Magnitude).view(MagnitudeShape()!);
        // The sum of squares over all axes but that of the magnitude.
        var axes = Enumerable.Range(0, magnitude.shape.Length).Where(axis => magnitude.shape[axis] == 1);
        var lengths = sum.Squared();
        foreach (var axis in axes)
            lengths = lengths.sum(axis, keepdim: true);
        var decomposed = sum * magnitude / lengths.sqrt().ClampedFrom(SmallestLength);
        return weight.Plus((decomposed - weight).Times(strength)).MoveToOuterDisposeScope();
    }

    /// <summary>up x down, or up x middle x down, in the shape of the layer.</summary>
    private Tensor Change()
    {
        var (rank, outputs, inputs) = (Rank, Target.Shape[0], Target.Shape[1]);
        var up = Read(Up).view(outputs, rank);
        if (Middle is null)
            return up.mm(Read(Down).view(rank, -1)).view(Target.Shape);
        var half = up.mm(Read(Middle).view(rank, -1)); // (outputs, r kh kw)
        var cells = half.view(outputs, rank, -1).transpose(1, 2).reshape(-1, rank); // (outputs kh kw, r)
        var change = cells.mm(Read(Down).view(rank, inputs)); // (outputs kh kw, inputs)
        return change.view(outputs, -1, inputs).transpose(1, 2).reshape(Target.Shape); // (outputs, inputs, kh, kw)
    }

    /// <summary>
    /// The shape in which the magnitude multiplies the weight: one number for each output or, in files of LyCORIS'
    /// first versions, for each input. Null if it is neither.
    /// </summary>
    private long[]? MagnitudeShape()
    {
        var shape = File.Tensors[Magnitude!].Shape;
        var count = shape.Aggregate(1L, (product, size) => product * size);
        var (outputs, inputs) = (Target.Shape[0], Target.Shape[1]);
        // PEFT's (1, outputs, 1, 1) and LyCORIS' (1, inputs, 1, 1) look the same.
        var mayBeColumns = Magnitude!.EndsWith(".dora_scale", StringComparison.Ordinal) && shape is [1, _, ..];
        if (mayBeColumns && count == inputs)
            return [1, inputs, .. Ones(Target.Shape.Length - 2)];
        return count == outputs ? [outputs, .. Ones(Target.Shape.Length - 1)] : null;
    }

    private Tensor Read(string name)
    {
        using var stored = File.Read(name);
        return FiniteCheck.AllFinite(stored)
            ? stored.to(ScalarType.Float32).contiguous()
            : throw new TextualInversionException(
                $"{File.FilePath}: {name} contains NaN or infinity; the file is damaged or its training failed."
            );
    }

    /// <summary>(outputs, inputs) as (outputs, inputs, 1, 1).</summary>
    private static long[] Full(long[] shape) => shape.Length == Matrix ? [.. shape, 1, 1] : shape;

    private static IEnumerable<long> Ones(int count) => Enumerable.Repeat(1L, count);

    private string Text(string name) => $"[{string.Join(", ", File.Tensors[name].Shape)}]";
}
